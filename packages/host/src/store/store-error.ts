import { PaddockError } from "@paddock/contract";
import type { StoreFailure } from "./writer-messages.js";

/** What a failure of the database or its file system means to the operator. Names the file: never for plugins. */
export function toStoreFailed(failure: StoreFailure, file: string, cause?: unknown): PaddockError {
  const { sqliteCode, systemCode, message } = failure;
  // SQLite's primary result code is the low byte.
  const known =
    BY_SQLITE[(sqliteCode ?? 0) & 0xff] ?? (systemCode === undefined ? undefined : BY_SYSTEM[systemCode]);
  return new PaddockError("STORE_FAILED", `Cannot use the store "${file}": ${known?.state ?? message}.`, {
    hint: known?.hint ?? "See the reason above; the file belongs to the host and nobody else may write it.",
    cause,
  });
}

export function storeClosed(): PaddockError {
  return new PaddockError("HOST_CLOSED", "Cannot use the store: it is closed.");
}

/** What SQLite or the file system threw, in plain data. */
export function failureOf(error: unknown): StoreFailure {
  const { errcode, code } = error instanceof Error ? (error as { errcode?: unknown; code?: unknown }) : {};
  return {
    sqliteCode: typeof errcode === "number" ? errcode : undefined,
    systemCode: typeof code === "string" ? code : undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}

interface Known {
  readonly state: string;
  readonly hint: string;
}

const FULL = { state: "the disk is full", hint: "Make room, or choose another home directory for Paddock." };
const DAMAGED = {
  state: "the file is damaged or no database of Paddock's",
  hint: "Restore it from a backup, or move it away: Paddock then begins with an empty store.",
};
const UNWRITABLE = {
  state: "it cannot be opened or written",
  hint: "Choose a home directory that the host can write.",
};

/** SQLite's primary result codes: https://sqlite.org/rescode.html */
const BY_SQLITE: Readonly<Record<number, Known>> = {
  5: {
    state: "another process kept it locked for too long",
    hint: "Find out which one has it open (fuser, lsof).",
  },
  8: UNWRITABLE,
  11: DAMAGED,
  13: FULL,
  14: UNWRITABLE,
  26: DAMAGED,
};

const BY_SYSTEM: Readonly<Record<string, Known>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: UNWRITABLE,
  EPERM: UNWRITABLE,
  EROFS: UNWRITABLE,
};
