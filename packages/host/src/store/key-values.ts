import type { Reader } from "./reader.js";
import type { KeyRange, KeyValueBounds, KeyValues, Owner, SetOutcome } from "./store.js";
import type { Writer } from "./writer.js";

/** Key-value entries as SQL. The database itself keeps each owner's sums, so that writers cannot overrun them. */
export function createKeyValues({ plugin, tenant }: Owner, reader: Reader, writer: Writer): KeyValues {
  // Not "plugin/tenant": neither could then contain the separator.
  const ownerName = JSON.stringify([plugin, tenant]);
  return {
    async get(key) {
      const [row] = await reader.rows({ sql: GET, values: [plugin, tenant, key] });
      return row === undefined ? undefined : String(row.value);
    },
    async list({ prefix, after, limit }: KeyRange) {
      const rows = await reader.rows({ sql: LIST, values: [plugin, tenant, prefix, after, after, limit] });
      const keys = rows.map((row) => String(row.key));
      // Keys with one prefix lie together, so the first stranger ends them.
      const end = keys.findIndex((key) => !key.startsWith(prefix));
      return end === -1 ? keys : keys.slice(0, end);
    },
    async set(key, value, { maxBytes, maxKeys }: KeyValueBounds): Promise<SetOutcome> {
      const [row] = await writer.run(ownerName, [
        { sql: ADD_OWNER, values: [plugin, tenant] },
        { sql: SET, values: [key, value, key, plugin, tenant, key, value, maxBytes, maxKeys] },
        { sql: USAGE, values: [plugin, tenant] },
      ]);
      if (row?.changed === 1) return { kind: "stored" };
      return { kind: "over-bounds", usedBytes: Number(row?.bytes), usedKeys: Number(row?.keys) };
    },
    async delete(key) {
      await writer.run(ownerName, [{ sql: DELETE, values: [plugin, tenant, key] }]);
    },
  };
}

const OWNER = "(SELECT id FROM kv_owners WHERE plugin = ? AND tenant = ?)";

const GET = `SELECT value FROM kv_entries WHERE owner = ${OWNER} AND key = ?`;

const LIST = `SELECT key FROM kv_entries WHERE owner = ${OWNER} AND key >= max(?, ?) AND key > ? ORDER BY key LIMIT ?`;

const ADD_OWNER = "INSERT INTO kv_owners (plugin, tenant) VALUES (?, ?) ON CONFLICT DO NOTHING";

const SET = `
  INSERT INTO kv_entries (owner, key, value)
  SELECT owners.id, ?, ? FROM kv_owners AS owners
  LEFT JOIN kv_entries AS old ON old.owner = owners.id AND old.key = ?
  WHERE plugin = ? AND tenant = ?
    AND bytes - coalesce(octet_length(old.key) + octet_length(old.value), 0)
      + octet_length(?) + octet_length(?) <= ?
    AND keys + (old.key IS NULL) <= ?
  ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value`;

/** Right after SET: whether it stored anything. */
const USAGE = `SELECT bytes, keys, changes() AS changed FROM kv_owners WHERE plugin = ? AND tenant = ?`;

const DELETE = `DELETE FROM kv_entries WHERE owner = ${OWNER} AND key = ?`;
