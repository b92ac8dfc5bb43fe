import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { draftOf } from "../drafts.js";
import { identityOf, nameFor } from "./cached-copy.js";
import type { Measurement } from "./idle-measurement.js";

/** The measurement of this very interpreter with these flags: remembered from an earlier host, else made now. */
export async function recallMeasurement(
  path: string,
  flags: readonly string[],
  cacheDirectory: string,
  measure: () => Promise<Measurement>,
): Promise<Measurement> {
  const key = nameFor([await identityOf(path), ...flags].join("\n"));
  const file = join(cacheDirectory, "baselines", `${key}.json`);
  const known = parseMeasurement(await readFile(file, "utf8").catch(() => ""));
  if (known !== undefined) return known;
  const measured = await measure();
  await remember(file, measured);
  return measured;
}

async function remember(file: string, measured: Measurement): Promise<void> {
  const temporary = draftOf(file);
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
function parseMeasurement(text: string): Measurement | undefined {
  try {
    const { report, baseline } = JSON.parse(text);
    const { dataBytes, threads, files } = baseline;
    const isSound = [dataBytes, threads, files].every((count) => Number.isSafeInteger(count) && count > 0);
    return isSound && typeof report === "string"
      ? { report, baseline: { dataBytes, threads, files } }
      : undefined;
  } catch {
    return undefined;
  }
}
