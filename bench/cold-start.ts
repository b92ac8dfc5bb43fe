import { setTimeout as wait } from "node:timers/promises";
import { runStarter, type StarterOptions } from "./cold-start/run-starter.ts";
import { prepareSandboxRuntime } from "./cold-start/sandbox-runtime-needs.ts";
import type { Starter } from "./cold-start/starter.ts";
import { BARE } from "./contenders/bare.ts";
import { inTurns } from "./in-turns.ts";
import type { Measured, Question } from "./question.ts";

/** What is left of the guest before, in the kernel and in its host, is done with by then. */
const REST_MS = 40;

interface Candidate extends StarterOptions {
  readonly name: string;
  /** Why it cannot take part on this machine, if it cannot. */
  readonly prepare?: () => string | undefined;
}

const CANDIDATES: readonly Candidate[] = [
  { name: "paddock with cgroups", starter: "with-cgroups" },
  { name: "paddock without cgroups", starter: "without-cgroups", hidesCgroups: process.getuid?.() === 0 },
  { name: "paddock, new tenant", starter: "new-tenant" },
  { name: BARE, starter: "bare" },
  { name: "bare node", starter: "node" },
  { name: "@anthropic-ai/sandbox-runtime", starter: "sandbox-runtime", prepare: prepareSandboxRuntime },
];

export const coldStart: Question = {
  name: "cold-start",
  title: "From a call without a guest to its answer: launching one included. Less is better.",
  unit: "ms",
  better: "less",
  baseline: BARE,
  measure: async ({ isQuick }) => {
    const starters: (Starter & { readonly name: string })[] = [];
    const unavailable: Measured[] = [];
    try {
      for (const candidate of CANDIDATES) {
        const started = await tryToRun(candidate);
        if (typeof started === "string")
          unavailable.push({ kind: "unavailable", name: candidate.name, reason: started });
        else starters.push({ ...started, name: candidate.name });
      }
      const measured = await inTurns(starters, isQuick ? 3 : 40, async ({ start }) => {
        await wait(REST_MS);
        return [await start()];
      });
      return [...measured, ...unavailable];
    } finally {
      await Promise.all(starters.map((starter) => starter.close()));
    }
  },
};

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
