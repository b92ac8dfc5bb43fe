import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Counts, FAILED, sumCounts } from "./counts.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";

const VITEST = "node_modules/vitest/vitest.mjs";

export interface VitestOptions extends ToolOptions {
  /** What runs vitest: a Node, or a command that ends with one. */
  readonly node?: readonly string[];
  /** As whom that command runs, when not as this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Runs vitest once and gives its counts; what no test can be blamed for (a leak, a crash) is one more failure. */
export async function runVitest(args: readonly string[], options: VitestOptions = {}): Promise<Counts> {
  const { node = [process.execPath], owner, env = process.env, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "counts-"));
  const file = join(directory, "counts.json");
  if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  try {
    const exitCode = await runTool([...node, VITEST, "run", ...args], {
      ...rest,
      env: { ...env, PADDOCK_COUNTS_FILE: file },
    });
    const counts = await readCounts(file);
    const isExplained = exitCode === 0 || counts.failed + counts.skipped > 0;
    return isExplained ? counts : sumCounts([counts, FAILED]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A vitest that ended before it counted has failed. */
async function readCounts(file: string): Promise<Counts> {
  try {
    // Written by our own reporter a moment ago.
    return JSON.parse(await readFile(file, "utf8")) as Counts;
  } catch {
    return FAILED;
  }
}
