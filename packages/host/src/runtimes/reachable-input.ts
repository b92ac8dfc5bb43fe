import type { ReadOnlyInput } from "../isolation/isolation.js";
import { reachableFile } from "./cached-copy.js";

/** What decides at which path a guest's own user can open a file. */
export interface Reach {
  /** Whether the isolation reaches inputs in private directories; only their own modes count then. */
  readonly isBound?: boolean | undefined;
  /** Where copies and measurements are kept between starts; every user can search it. */
  readonly cacheDirectory: string;
}

/** Only a host that is root changes user before a guest's files are opened. */
export async function reachableInput(file: ReadOnlyInput, reach: Reach): Promise<ReadOnlyInput> {
  if (process.getuid?.() !== 0) return file;
  return {
    source: await reachableFile(file.source, reach.cacheDirectory, reach.isBound),
    target: file.target,
  };
}

export function reachableInputs(
  files: readonly ReadOnlyInput[],
  reach: Reach,
): Promise<readonly ReadOnlyInput[]> {
  return Promise.all(files.map((file) => reachableInput(file, reach)));
}

/** One input for each target: the first named. */
export function distinctInputs(files: readonly ReadOnlyInput[]): readonly ReadOnlyInput[] {
  const inputs = new Map<string, ReadOnlyInput>();
  for (const file of files) if (!inputs.has(file.target)) inputs.set(file.target, file);
  return [...inputs.values()];
}
