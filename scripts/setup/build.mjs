import { statSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.mjs";
import { runStep } from "./run-child.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

const GUEST_ENTRY = "sdks/typescript/dist/guest-entry.js";

/** What the guest entry is made of: the compiler rewrites its records only when a source has changed. */
const GUEST_ENTRY_INPUTS = [
  "packages/contract/dist/.tsbuildinfo",
  "sdks/typescript/dist/.tsbuildinfo",
  "scripts/build-guest-entry.mjs",
];

/** Everything compiled. The compiler finds by itself what has changed, in about a tenth of a second. */
export async function ensureBuild(root, say) {
  if (modified(root, "packages/cli/dist/.tsbuildinfo") === undefined) say("building");
  await run(root, "node_modules/typescript/bin/tsc", ["-b"]);
  const builtAt = modified(root, GUEST_ENTRY);
  const isCurrent =
    builtAt !== undefined && GUEST_ENTRY_INPUTS.every((input) => modified(root, input) <= builtAt);
  if (!isCurrent) await run(root, "scripts/build-guest-entry.mjs", []);
}

function modified(root, path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
}

async function run(root, script, args) {
  const node = join(root, "node_modules/.bin/node");
  const options = { cwd: root, env: environment(root) };
  const { code, printed } = await runStep([node, join(root, script), ...args], options);
  if (code !== 0) throw new SetupStop(EXIT.software, `Cannot build: ${script} failed.\n${printed}`);
}
