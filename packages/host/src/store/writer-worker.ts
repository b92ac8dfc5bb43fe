// The writer's thread. Runs from source too, so it imports nothing of ours at run time.
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type {
  Row,
  StoreFailure,
  Write,
  WriteResult,
  WriterOptions,
  WriterReply,
  WriterRequest,
} from "./writer-messages.js";

/** How long a write waits for another host's transaction. */
const BUSY_TIMEOUT_MS = 3_000;
const LOOK_AGAIN_MS = 20;
/** Larger files are not read through when they are opened; damage shows at first touch. */
const MAX_CHECKED_BYTES = 64 * 1024 ** 2;
/** The log next to the database is cut back to this size. */
const MAX_LOG_BYTES = 4 * 1024 ** 2;
const SQLITE_BUSY = 5;

interface Database {
  readonly connection: DatabaseSync;
  readonly prepared: Map<string, StatementSync>;
}

// Safe: only `Writer` starts this file, with exactly this.
const options = workerData as WriterOptions;
const state: { database: Database | undefined } = { database: undefined };

parentPort?.on("message", (request: WriterRequest) => {
  if (request.kind === "batch") {
    parentPort?.postMessage(runBatch(request.writes));
  } else {
    state.database?.connection.close();
    parentPort?.close();
  }
});

function runBatch(writes: readonly Write[]): WriterReply {
  try {
    state.database ??= openDatabase();
    return { kind: "committed", results: commit(state.database, writes) };
  } catch (error) {
    return { kind: "failed", failure: describe(error) };
  }
}

function commit({ connection, prepared }: Database, writes: readonly Write[]): readonly WriteResult[] {
  return inTransaction(connection, () => writes.map((write) => write.map(run).at(-1) ?? []));

  function run({ sql, values }: Write[number]): readonly Row[] {
    const statement = prepared.get(sql) ?? connection.prepare(sql);
    prepared.set(sql, statement);
    return statement.all(...values);
  }
}

function openDatabase(): Database {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  chmodSync(dirname(options.file), 0o700);
  // SQLite gives its other files the mode of this one.
  closeSync(openSync(options.file, "a", 0o600));
  chmodSync(options.file, 0o600);
  const connection = new DatabaseSync(options.file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Another host may open a new database at the same moment; here SQLite does not wait by itself.
    retryWhileBusy(() => connection.exec("PRAGMA journal_mode = WAL"));
    connection.exec(`PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
    if (statSync(options.file).size <= MAX_CHECKED_BYTES) check(connection);
    inTransaction(connection, () => migrate(connection));
    return { connection, prepared: new Map() };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function check(connection: DatabaseSync): void {
  const { quick_check: found } = connection.prepare("PRAGMA quick_check(1)").get() ?? {};
  if (found !== "ok") throw Object.assign(new Error(String(found)), { errcode: 11 /* SQLITE_CORRUPT */ });
}

function migrate(connection: DatabaseSync): void {
  const { migrations } = options;
  const { user_version: version } = connection.prepare("PRAGMA user_version").get() ?? {};
  if (Number(version) > migrations.length) throw new Error("it belongs to a newer version of Paddock");
  for (const step of migrations.slice(Number(version))) connection.exec(step);
  connection.exec(`PRAGMA user_version = ${migrations.length}`);
}

function inTransaction<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    connection.exec("COMMIT");
    return result;
  } catch (error) {
    // After some failures SQLite has rolled back already.
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function retryWhileBusy(work: () => void): void {
  const until = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (((describe(error).sqliteCode ?? 0) & 0xff) !== SQLITE_BUSY || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
    }
  }
}

function describe(error: unknown): StoreFailure {
  // Whatever was thrown: only plain fields of it are looked at.
  const { errcode, code, message } = Object(error) as Readonly<Record<string, unknown>>;
  return {
    sqliteCode: typeof errcode === "number" ? errcode : undefined,
    systemCode: typeof code === "string" ? code : undefined,
    message: typeof message === "string" ? message : String(error),
  };
}
