import { writeFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";
import { type Counts, closingLine } from "./counts.ts";

/** Ends a run with the line that CI reads; a skipped test or a process warning fails it like a failed one. */
export class CountReporter implements Reporter {
  readonly #warnings: Error[] = [];

  onInit(): void {
    process.on("warning", (warning) => this.#warnings.push(warning));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandled.length + this.#warnings.length, skipped: 0 };
    for (const module of modules) add(counts, module);
    if (counts.failed + counts.skipped > 0) process.exitCode = 1;
    // The whole run of scripts/test.ts asks for the numbers and prints one line for all its stages.
    const file = process.env.PADDOCK_COUNTS_FILE;
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    else console.log(closingLine(counts));
  }
}

function add(counts: { -readonly [K in keyof Counts]: Counts[K] }, module: TestModule): void {
  const failedBefore = counts.failed;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed" || state === "failed") counts[state] += 1;
    else counts.skipped += 1;
  }
  // A file that cannot be loaded, or a hook that fails, has no failed test of its own.
  if (!module.ok() && counts.failed === failedBefore) counts.failed += 1;
}
