/**
 * Makes a clone ready, then runs a script on the repository's own Node:
 *
 *   node scripts/setup.mjs [--quiet] [--run FILE ARGS…]
 *
 * Plain JavaScript without dependencies, for the machine's own Node: nothing is installed yet. Says what it
 * does on stderr, one line a step, and nothing where all is in place.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBubblewrap } from "./setup/bubblewrap.mjs";
import { ensureBuild } from "./setup/build.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { withSetupLock } from "./setup/lock.mjs";
import { requireNode } from "./setup/node-version.mjs";
import { runScript } from "./setup/run-script.mjs";
import { SetupStop } from "./setup/setup-stop.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { quiet, file, args } = parseArguments(process.argv.slice(2));
const say = (line) => quiet || process.stderr.write(`set-up: ${line}\n`);

try {
  requireNode();
  await withSetupLock(root, say, () => {
    // First, because it may have to ask a person for something.
    ensureBubblewrap(say);
    ensureDependencies(root, say);
    ensureBuild(root, say);
  });
  if (file !== undefined) await runScript(root, file, args);
} catch (error) {
  if (!(error instanceof SetupStop)) throw error;
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exitCode = error.exitCode;
}

/** Everything after `--run FILE` belongs to the file. */
function parseArguments(all) {
  const at = all.indexOf("--run");
  const own = at === -1 ? all : all.slice(0, at);
  return {
    quiet: own.includes("--quiet"),
    file: at === -1 ? undefined : all[at + 1],
    args: at === -1 ? [] : all.slice(at + 2),
  };
}
