import { setTimeout as wait } from "node:timers/promises";
import { inTurns } from "../in-turns.ts";
import type { Effort, Measured } from "../question.ts";
import { runStarter, type StarterOptions } from "./run-starter.ts";
import type { Starter } from "./starter.ts";

/** What is left of the guest before, in the kernel and in its host, is done with by then. */
const REST_MS = 40;
const ROUNDS = 40;

export interface Candidate extends StarterOptions {
  readonly name: string;
  /** Why it cannot take part on this machine, if it cannot. */
  readonly prepare?: () => string | undefined;
}

/** Lets every candidate start one guest after another, in turns with the others; each in a process of its own. */
export async function measureStarters(
  candidates: readonly Candidate[],
  { isQuick }: Effort,
): Promise<readonly Measured[]> {
  const starters: (Starter & { readonly name: string })[] = [];
  const unavailable: Measured[] = [];
  try {
    for (const candidate of candidates) {
      const started = await tryToRun(candidate);
      if (typeof started === "string")
        unavailable.push({ kind: "unavailable", name: candidate.name, reason: started });
      else starters.push({ ...started, name: candidate.name });
    }
    const measured = await inTurns(starters, isQuick ? 3 : ROUNDS, async ({ start }) => {
      await wait(REST_MS);
      return [await start()];
    });
    return [...measured, ...unavailable];
  } finally {
    await Promise.all(starters.map((starter) => starter.close()));
  }
}

/** A starter that has started one guest, so that caches are filled; or why there is none. */
async function tryToRun(candidate: Candidate): Promise<Starter | string> {
  const reason = candidate.prepare?.();
  if (reason !== undefined) return reason;
  try {
    const starter = await runStarter(candidate);
    await starter.start();
    return starter;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
