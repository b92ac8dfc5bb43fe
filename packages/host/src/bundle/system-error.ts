import { isPaddockError, PaddockError } from "@paddock/contract";
import { exhaustedHint } from "../exhausted.js";

/**
 * What a failed file operation of the host's own means: HOST_EXHAUSTED when it is out of descriptors or memory,
 * STORE_FAILED for everything else. Errors that have a code of ours already stay as they are.
 */
export function toStoreError(error: unknown, doing: string): PaddockError {
  if (isPaddockError(error)) return error;
  const code = systemCodeOf(error);
  const hint = exhaustedHint(error);
  if (hint !== undefined) {
    return new PaddockError(
      "HOST_EXHAUSTED",
      `Cannot ${doing}: the host has reached a limit of its own (${code}).`,
      {
        hint,
        cause: error,
      },
    );
  }
  const state = HINTS[code]?.state ?? (error instanceof Error ? error.message : String(error));
  return new PaddockError("STORE_FAILED", `Cannot ${doing}: ${state}.`, {
    hint: HINTS[code]?.hint,
    cause: error,
  });
}

/** "ENOENT" and the like; empty for errors that do not come from the system. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

export function isExhausted(error: unknown): boolean {
  return exhaustedHint(error) !== undefined;
}

const HINTS: Readonly<Record<string, { readonly state: string; readonly hint: string }>> = {
  ENOSPC: { state: "the disk is full", hint: "Make room, or choose another home directory for Paddock." },
  EDQUOT: {
    state: "the disk quota is used up",
    hint: "Make room, or choose another home directory for Paddock.",
  },
  EROFS: { state: "the file system is read-only", hint: "Choose a home directory that the host can write." },
  EACCES: { state: "permission denied", hint: "Choose a home directory that the host can write." },
};
