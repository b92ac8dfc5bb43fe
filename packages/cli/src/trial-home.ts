import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { makeFolder } from "./make-folder.js";

/** Trials of one kind at the same time. */
export const MAX_TRIALS = 64;

/**
 * A home for a host that only tries something out, removed afterwards. Its places are few and used again, because
 * plugins keep the user ids that they were given by their host's home.
 */
export async function withTrialHome<T>(
  home: string,
  kind: string,
  use: (trialHome: string) => Promise<T>,
): Promise<T> {
  const trials = join(home, "trials");
  await makeFolder(trials, 0o711).catch((cause) => {
    throw new PaddockError("STORE_FAILED", `Cannot try anything in ${trials}: ${String(cause.code)}.`, {
      hint: "Give a folder that this user may write: --home DIR, or home in paddock.config.json.",
      cause,
    });
  });
  const place = await claim(trials, kind);
  try {
    return await use(place);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** A rename is atomic and fails where somebody is: a place has one owner at a time, whose number lies in it. */
async function claim(trials: string, kind: string): Promise<string> {
  const draft = join(trials, `${kind}-${process.pid}-draft`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o711 });
  await writeFile(join(draft, "pid"), String(process.pid));
  try {
    for (let slot = 0; slot < MAX_TRIALS; slot++) {
      const place = join(trials, `${kind}-${slot}`);
      if (await isDead(place)) await discard(place, draft);
      if (await moveTo(draft, place)) return place;
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  throw new PaddockError(
    "HOST_EXHAUSTED",
    `Cannot try anything in ${trials}: ${MAX_TRIALS} trials are running.`,
  );
}

async function moveTo(draft: string, place: string): Promise<boolean> {
  try {
    await rename(draft, place);
    return true;
  } catch {
    return false;
  }
}

/** What a killed trial left: out of the way first, so that nobody meets it half removed. */
async function discard(place: string, draft: string): Promise<void> {
  const aside = `${draft}-old`;
  if (await moveTo(place, aside)) await rm(aside, { recursive: true, force: true });
}

async function isDead(place: string): Promise<boolean> {
  const pid = Number(await readFile(join(place, "pid"), "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
