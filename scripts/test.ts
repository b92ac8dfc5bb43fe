/**
 * The whole test run: `npm test`. With arguments (`npm test -- packages/host -t deny`) only vitest runs, and
 * they are passed on to it. Ends with the counts alone on a line; fails when anything failed or was skipped.
 */
import { closingLine, FAILED, PASSED, sumCounts } from "./counts.ts";
import { runTool } from "./run-tool.ts";
import { runVitest } from "./run-vitest.ts";
import { runStages, type Stage } from "./stages.ts";

const PUBLISHED = [
  "packages/contract",
  "sdks/typescript",
  "packages/host",
  "packages/server",
  "packages/cli",
];

const EVERYTHING: readonly Stage[] = [
  tools("lint", [["biome", "ci", "--error-on-warnings", "."]]),
  tools("types", [
    ["tsc", "-b"],
    ["tsc", "-p", "tsconfig.test.json"],
  ]),
  tools("unused code", [["knip", "--no-progress", "--treat-config-hints-as-errors"]]),
  tools(
    "publish check",
    PUBLISHED.map((directory) => ["publint", "run", directory, "--strict", "--pack", "npm"]),
  ),
  { name: "unit, conformance, escape, end to end", run: () => runVitest([]) },
  tools("packed packages", [["node", "test/packaging/check-packages.ts"]]),
];

const vitestArgs = process.argv.slice(2);
const stages = vitestArgs.length === 0 ? EVERYTHING : [{ name: "vitest", run: () => runVitest(vitestArgs) }];

const counts = sumCounts(await runStages(stages));
console.log(closingLine(counts));
process.exitCode = counts.failed + counts.skipped > 0 ? 1 : 0;

/** A stage of commands that all have to succeed; counts as one. All run, so that one run shows all there is. */
function tools(name: string, commands: readonly (readonly string[])[]): Stage {
  return {
    name,
    run: async () => {
      let failed = false;
      for (const command of commands) failed = (await runTool(command)) !== 0 || failed;
      return failed ? FAILED : PASSED;
    },
  };
}
