import { PaddockError } from "@paddock/contract";
import { readPayload } from "../read-payload.js";

export interface TypedCall {
  readonly action: string;
  readonly payload: unknown;
}

/** `greet { "name": "Ada" }`: an action, and JSON or `@file` after it. Rejects with USAGE_INVALID. */
export async function readCallLine(line: string): Promise<TypedCall> {
  const [, action, rest] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(line) ?? [];
  if (action === undefined) throw new PaddockError("USAGE_INVALID", "No action was named.");
  if (rest === "-") {
    throw new PaddockError(
      "USAGE_INVALID",
      "The payload cannot come from standard input: calls come from there.",
    );
  }
  return { action, payload: await readPayload(rest === "" ? undefined : rest) };
}
