import type { PaddockError } from "@paddock/contract";
import { FALLBACK_CODES, type Fallback } from "../pipeline/fallback.js";

/** What the caller wants in place of an answer, as a real host gives it; throws the error where nothing may stand for it. */
export async function fallbackOf(given: Fallback | undefined, error: PaddockError): Promise<unknown> {
  if (given === undefined || !FALLBACK_CODES.has(error.code)) throw error;
  return given.kind === "value" ? given.value : given.run(error);
}
