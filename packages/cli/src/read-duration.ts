import { parseDuration } from "@paddock/contract";
import { InvalidArgumentError } from "commander";

/** A duration in an option, in milliseconds. */
export function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0)
    throw new InvalidArgumentError("Expected a duration such as 500ms, 5s or 2m.");
  return ms;
}
