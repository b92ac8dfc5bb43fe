import { existsSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { isPaddockError } from "@paddock/contract";
import { loadSqlite } from "./load-sqlite.js";
import { failureOf, storeClosed, toStoreFailed } from "./store-error.js";
import type { Row, Statement } from "./writer-messages.js";

/** A reader meets a lock only while a log is recovered, which takes moments; it must not wait on this thread. */
const BUSY_ATTEMPTS = 50;
const LOOK_AGAIN_MS = 20;
const SQLITE_BUSY = 5;

export interface ReaderOptions {
  readonly file: string;
  /** How many migrations the file must have seen. */
  readonly version: number;
  /** Brings an older file up to date. */
  readonly migrate: () => Promise<unknown>;
}

/** Reads on the main thread, from a connection that cannot write; opened when there is something to read. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #prepared = new Map<string, StatementSync>();
  #connection: DatabaseSync | undefined;
  #isClosed = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** The rows; none when nothing was ever written. Statements must be bounded: they run on this thread. */
  async rows({ sql, values }: Statement): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const connection = await this.#open();
        if (connection === undefined) return [];
        const statement = this.#prepared.get(sql) ?? connection.prepare(sql);
        this.#prepared.set(sql, statement);
        return statement.all(...values);
      } catch (error) {
        if (this.#isClosed) throw storeClosed();
        if (isPaddockError(error)) throw error;
        const failure = failureOf(error);
        const isBusy = ((failure.sqliteCode ?? 0) & 0xff) === SQLITE_BUSY;
        if (!isBusy || attempt === BUSY_ATTEMPTS) throw toStoreFailed(failure, this.#options.file, error);
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#prepared.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #open(): Promise<DatabaseSync | undefined> {
    if (this.#isClosed) throw storeClosed();
    if (this.#connection !== undefined) return this.#connection;
    const { file, version, migrate } = this.#options;
    if (!existsSync(file)) return undefined;
    if (this.#versionOf(file) !== version) await migrate();
    if (this.#isClosed) throw storeClosed();
    this.#connection ??= new (loadSqlite().DatabaseSync)(file, { readOnly: true, timeout: 0 });
    return this.#connection;
  }

  #versionOf(file: string): unknown {
    const connection = new (loadSqlite().DatabaseSync)(file, { readOnly: true, timeout: 0 });
    try {
      return connection.prepare("PRAGMA user_version").get()?.user_version;
    } finally {
      connection.close();
    }
  }
}
