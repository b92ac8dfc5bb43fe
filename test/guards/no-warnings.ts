import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll } from "vitest";

/** A process warning (a listener leak, a deprecation, a promise handled late) fails the file it came up in. */
const warnings: string[] = [];
process.on("warning", (warning) => warnings.push(String(warning.stack ?? warning)));

afterAll(async () => {
  // Warnings are delivered one turn after their cause.
  await nextTurn();
  if (warnings.length > 0) throw new Error(`Process warnings:\n${warnings.join("\n")}`);
});
