import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";
import { makeFolder } from "./make-folder.js";

/** Makes the host's home where it is missing. Rejects with STORE_FAILED when this user cannot keep anything there. */
export async function assertHome(home: string): Promise<void> {
  try {
    await makeFolder(home, 0o711);
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const state = cause instanceof Error && "code" in cause ? `: ${String(cause.code)}` : "";
    throw new PaddockError("STORE_FAILED", `Cannot keep the host's state in ${home}${state}.`, {
      hint: "Give a folder that this user may write: --home DIR, or home in paddock.config.json.",
      cause,
    });
  }
}
