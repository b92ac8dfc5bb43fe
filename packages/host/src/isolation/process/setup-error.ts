import { isPaddockError, PaddockError } from "@paddock/contract";
import { exhaustedHint } from "../../exhausted.js";

/** What went wrong while walls were raised, with the hint that fits the errno. */
export function toSetupError(error: unknown, label: string): PaddockError {
  if (isPaddockError(error)) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const state = error instanceof Error ? error.message : String(error);
  const message = `Cannot start "${label}": ${state}.`;
  const hint = exhaustedHint(error);
  if (hint !== undefined)
    return new PaddockError("HOST_EXHAUSTED", message, { hint, cause: error, data: { errno: code } });
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new PaddockError("STORE_FAILED", message, {
      hint: "Free some disk space.",
      cause: error,
      data: { errno: code },
    });
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return new PaddockError("SETUP_FAILED", `Cannot start "${label}": the walls did not stand in time.`, {
      cause: error,
    });
  }
  return new PaddockError("SETUP_FAILED", message, {
    hint: "Run `paddock doctor` to see what this machine offers.",
    cause: error,
    data: { errno: code },
  });
}
