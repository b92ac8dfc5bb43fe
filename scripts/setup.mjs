/**
 * Makes a clone ready, then runs a script on the repository's own Node:
 *
 *   node scripts/setup.mjs [--quiet] [--tests] [--emulator] [--deploy] [--count] [--run FILE ARGS…]
 *
 * --quiet says nothing unless it fails; --tests is for what only tests need, --emulator for tests
 * of another processor, --deploy for tests of the container image; --count ends a failed
 * set-up with the line that CI reads at the end of a test run.
 *
 * Plain JavaScript without dependencies, for the machine's own Node: nothing is installed yet. Says what it
 * does on stderr, one line a step, and nothing where all is in place.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBubblewrap } from "./setup/bubblewrap.mjs";
import { ensureBuild } from "./setup/build.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureDeployTools } from "./setup/deploy-tools.mjs";
import { ensureEmulator } from "./setup/emulator.mjs";
import { withSetupLock } from "./setup/lock.mjs";
import { requireNode } from "./setup/node-version.mjs";
import { runScript } from "./setup/run-script.mjs";
import { SetupStop } from "./setup/setup-stop.mjs";
import { ensureTestTools } from "./setup/test-tools.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { flags, file, args } = parseArguments(process.argv.slice(2));
const say = (line) => flags.includes("--quiet") || process.stderr.write(`set-up: ${line}\n`);

try {
  requireNode();
  await withSetupLock(root, say, async () => {
    // First, because it may have to ask a person for something.
    ensureBubblewrap(say);
    if (flags.includes("--tests")) ensureTestTools(say);
    if (flags.includes("--emulator")) ensureEmulator(say);
    if (flags.includes("--deploy")) ensureDeployTools(say);
    await ensureDependencies(root, say);
    await ensureBuild(root, say);
  });
  if (file !== undefined) await runScript(root, file, args);
} catch (error) {
  if (!(error instanceof SetupStop)) throw error;
  process.stderr.write(`set-up: ${error.message}\n`);
  if (flags.includes("--count")) console.log("0 passed, 1 failed, 0 skipped");
  process.exitCode = error.exitCode;
}

/** Everything after `--run FILE` belongs to the file. */
function parseArguments(all) {
  const at = all.indexOf("--run");
  return {
    flags: at === -1 ? all : all.slice(0, at),
    file: at === -1 ? undefined : all[at + 1],
    args: at === -1 ? [] : all.slice(at + 2),
  };
}
