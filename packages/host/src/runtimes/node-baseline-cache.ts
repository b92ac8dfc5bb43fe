import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identityOf, nameFor } from "./cached-copy.js";
import { measureNode, type NodeMeasurement } from "./node-baseline.js";

/** The measurement of this very interpreter with these flags: remembered from an earlier host, else made now. */
export async function recallNodeMeasurement(
  path: string,
  flags: readonly string[],
  cacheDirectory: string,
): Promise<NodeMeasurement> {
  const key = nameFor([await identityOf(path), ...flags].join("\n"));
  const file = join(cacheDirectory, "baselines", `${key}.json`);
  const known = parseMeasurement(await readFile(file, "utf8").catch(() => ""));
  if (known !== undefined) return known;
  const measured = await measureNode(path, flags);
  await remember(file, measured);
  return measured;
}

async function remember(file: string, measured: NodeMeasurement): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(temporary, JSON.stringify(measured));
    await rename(temporary, file);
  } catch {
    // Only a shortcut for the next start: a full or read-only disk must not stop this one.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** `undefined` for anything that this version did not write: it is measured again. */
function parseMeasurement(text: string): NodeMeasurement | undefined {
  try {
    const { version, baseline } = JSON.parse(text);
    const { dataBytes, threads, files } = baseline;
    const isSound = [dataBytes, threads, files].every((count) => Number.isSafeInteger(count) && count > 0);
    return isSound && typeof version === "string"
      ? { version, baseline: { dataBytes, threads, files } }
      : undefined;
  } catch {
    return undefined;
  }
}
