import { copyFile, mkdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ReadOnlyInput } from "../isolation/isolation.js";
import { identityOf, isReachable, nameFor } from "./cached-copy.js";
import { placeTree } from "./cached-tree.js";
import type { Reach } from "./reachable-input.js";

/**
 * The same files with those of one directory gathered in a copy of it that holds nothing else, where that can be: each
 * mount costs a start some 0.15 ms, and an interpreter has seven libraries in one directory. The copy is made once for
 * each state of the files.
 */
export async function gatherLibraries(
  files: readonly ReadOnlyInput[],
  reach: Reach,
): Promise<readonly ReadOnlyInput[]> {
  if (await forbidsExecution(reach.cacheDirectory)) return files;
  const groups = Map.groupBy(files, ({ target }) => dirname(target));
  const gathered = [...groups].map(([directory, members]) =>
    members.length > 1 && !isShared(directory, files)
      ? gather(directory, members, reach).catch(() => members)
      : members,
  );
  return (await Promise.all(gathered)).flat();
}

/** Whether something else is to be mounted below: a read-only directory has no place for it. */
function isShared(directory: string, files: readonly ReadOnlyInput[]): boolean {
  return files.some(({ target }) => target.startsWith(`${directory}/`) && dirname(target) !== directory);
}

async function gather(
  directory: string,
  members: readonly ReadOnlyInput[],
  { cacheDirectory, isBound }: Reach,
): Promise<readonly ReadOnlyInput[]> {
  const identities = await Promise.all(
    members.map(async ({ source, target }) => `${target} ${await identityOf(source)}`),
  );
  const tree = join(cacheDirectory, "trees", `${nameFor(identities.sort().join("\n"))}-libraries`);
  const isThere = await stat(tree).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await placeTree(tree, async (draft) => {
      await mkdir(draft);
      for (const { source, target } of members) await copyFile(source, join(draft, basename(target)));
    });
  }
  return process.getuid?.() !== 0 || (await isReachable(tree, isBound))
    ? [{ source: tree, target: directory }]
    : members;
}

/** Nothing that lies on a file system mounted noexec can be mapped as code, wherever it is bound. */
async function forbidsExecution(path: string): Promise<boolean> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => line.split(" "));
  let found: readonly string[] = [];
  for (const mount of mounts) {
    const [, , , , target = ""] = mount;
    const isAbove = target === "/" || path === target || path.startsWith(`${target}/`);
    // Of two at one place, the later one lies on top.
    if (isAbove && target.length >= (found[4]?.length ?? 0)) found = mount;
  }
  return found[5]?.split(",").includes("noexec") ?? true;
}
