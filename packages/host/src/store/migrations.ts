/**
 * The schema, one step after the other; a database holds how many of them it has seen (`user_version`). A step
 * that was ever released is never changed: another host may have run it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE kv_owners (
    id INTEGER PRIMARY KEY,
    plugin TEXT NOT NULL,
    tenant TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    keys INTEGER NOT NULL DEFAULT 0,
    UNIQUE (plugin, tenant)
  ) STRICT;
  CREATE TABLE kv_entries (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES kv_owners (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (owner, key)
  ) STRICT;
  -- Kept here, so that no path to the entries can forget the sums.
  CREATE TRIGGER kv_inserted AFTER INSERT ON kv_entries BEGIN
    UPDATE kv_owners SET keys = keys + 1, bytes = bytes + octet_length(new.key) + octet_length(new.value)
    WHERE id = new.owner;
  END;
  CREATE TRIGGER kv_updated AFTER UPDATE ON kv_entries BEGIN
    UPDATE kv_owners SET bytes = bytes + octet_length(new.value) - octet_length(old.value) WHERE id = new.owner;
  END;
  CREATE TRIGGER kv_deleted AFTER DELETE ON kv_entries BEGIN
    UPDATE kv_owners SET keys = keys - 1, bytes = bytes - octet_length(old.key) - octet_length(old.value)
    WHERE id = old.owner;
  END;
  `,
];
