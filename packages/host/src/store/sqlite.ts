import { existsSync } from "node:fs";
import { join } from "node:path";
import { createKeyValues } from "./key-values.js";
import { MIGRATIONS } from "./migrations.js";
import { Reader } from "./reader.js";
import type { Store } from "./store.js";
import { Writer } from "./writer.js";

export const STORE_FILE_NAME = "paddock.db";

/** Whose turn it is in the writer's queue when the store itself has something to do. */
const NOBODY = "";

/**
 * A store in one SQLite file, which several hosts may use at once. The directory is for the store alone: it is
 * made private to the user at the first write. Nothing is loaded, made or opened before something is asked.
 */
export function createSqliteStore(directory: string): Store {
  const file = join(directory, STORE_FILE_NAME);
  const writer = new Writer({ file, migrations: MIGRATIONS });
  const reader = new Reader({
    file,
    version: MIGRATIONS.length,
    migrate: () => writer.run(NOBODY, []),
  });
  return {
    keyValues: (owner) => createKeyValues(owner, reader, writer),
    async open() {
      // By the writer's thread, which may read through the file.
      if (existsSync(file)) await writer.run(NOBODY, []);
    },
    async close() {
      // The writer last: the last one to close folds the log into the database.
      reader.close();
      await writer.close();
    },
  };
}
