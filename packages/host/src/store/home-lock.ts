import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { PaddockError } from "@paddock/contract";
import { exhaustedHint } from "../exhausted.js";
import { loadSqlite } from "./load-sqlite.js";

/** One host's claim to its home. */
export interface HomeLock {
  /** Lets another host have it. May be called twice. */
  release(): Promise<void>;
}

/** What is locked, and who says that it has it. Nobody else opens the first. */
export const LOCK_FILE_NAME = "lock.db";
const OWNER_FILE_NAME = "lock.json";

/** SQLite's own numbers: somebody else has the lock; the file cannot be made. */
const SQLITE_BUSY = 5;

/**
 * Claims a home for this host. Rejects with HOME_IN_USE while another has it, in this process or another, also in
 * another container on the same file system. The lock is the kernel's, on an open file: it ends with the process.
 */
export async function lockHome(home: string): Promise<HomeLock> {
  const lock = await claim(home);
  const name = JSON.stringify({ pid: process.pid, since: new Date().toISOString() });
  // Only for the message that the next one gets.
  const isNamed = await write(home, name);
  return {
    release: async () => {
      if (!lock.isOpen) return;
      if (isNamed) await rm(join(home, OWNER_FILE_NAME), { force: true }).catch(() => undefined);
      if (lock.isOpen) lock.close();
    },
  };
}

/** Those who ask at the very same moment get in each other's way and are all refused; whoever asks again gets it. */
const CLAIMS = 5;
const MAX_PAUSE_MS = 30;

async function claim(home: string): Promise<DatabaseSync> {
  for (let left = CLAIMS - 1; ; left--) {
    try {
      return tryClaim(home);
    } catch (error) {
      if (codeOf(error) !== SQLITE_BUSY) throw await unusable(home, error);
      if (left === 0) throw await inUse(home);
    }
    // Of different length for each, or they would meet again.
    await wait(Math.random() * MAX_PAUSE_MS);
  }
}

function tryClaim(home: string): DatabaseSync {
  const sqlite = loadSqlite();
  const database = new sqlite.DatabaseSync(join(home, LOCK_FILE_NAME), { timeout: 0 });
  try {
    // Nothing is ever written, so that there is nothing to repair and a full disk does not matter.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function write(home: string, text: string): Promise<boolean> {
  // Nobody else writes while we have the lock; what a killed host left there is written over.
  const draft = join(home, `.${OWNER_FILE_NAME}`);
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, join(home, OWNER_FILE_NAME));
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
    return false;
  }
}

async function inUse(home: string): Promise<PaddockError> {
  const text = await readFile(join(home, OWNER_FILE_NAME), "utf8").catch(() => "");
  const match = /^\{"pid":(\d{1,10}),"since":"([\dTZ:.-]{1,40})"\}$/.exec(text);
  const who = match === null ? "another host" : `another host, process ${match[1]} since ${match[2]},`;
  return new PaddockError("HOME_IN_USE", `Cannot use ${home} as the host's home: ${who} uses it.`, {
    hint: "Close that host, talk to it with the paddock command, or give this one another home (--home DIR).",
    data: { home, ...(match === null ? {} : { pid: Number(match[1]) }) },
  });
}

async function unusable(home: string, cause: unknown): Promise<PaddockError> {
  const lacking = await findLack(home);
  const exhausted = exhaustedHint(lacking);
  if (exhausted !== undefined) {
    return new PaddockError("HOST_EXHAUSTED", `Cannot lock ${home} for this host: no file can be opened.`, {
      hint: exhausted,
      cause: lacking,
    });
  }
  const reason = cause instanceof Error ? cause.message : "";
  return new PaddockError("STORE_FAILED", `Cannot lock ${home} for this host: ${reason}.`, {
    hint: "Give the host's user the right to write there, or choose another home.",
    cause,
  });
}

/** SQLite does not say why it cannot open its files; the system does, for as many others at the same place. */
async function findLack(home: string): Promise<unknown> {
  const opened = await Promise.allSettled([open(home), open(home), open(home)]);
  for (const one of opened) if (one.status === "fulfilled") await one.value.close();
  return opened.find((one) => one.status === "rejected")?.reason;
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  // SQLite's extended codes carry the plain one in their lowest byte.
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
