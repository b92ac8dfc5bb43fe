import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "../run-tool.ts";
import { npmCommand } from "../setup/npm-command.mjs";

/** Below the root of the repository, so that a copy of the tree has it too. */
const CACHE = "node_modules/.cache/node";

/** The path of a Node of that version, from the root of the repository; fetched from npm the first time. */
export async function fetchNode(version: string): Promise<string> {
  const directory = join(CACHE, version);
  const node = join(directory, "package/bin/node");
  if (await exists(node)) return node;
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, "fetch-"));
  try {
    const name = `node-linux-${process.arch}@${version}`;
    await run([...npmCommand(), "pack", "--silent", "--pack-destination", staging, name]);
    await run(["tar", "-xzf", join(staging, `node-linux-${process.arch}-${version}.tgz`), "-C", staging]);
    await rm(directory, { recursive: true, force: true });
    await rename(staging, directory);
    return node;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw new Error(`Cannot fetch Node ${version} from npm.`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function run(command: readonly string[]): Promise<void> {
  const exitCode = await runTool(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
}
