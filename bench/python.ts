import { setTimeout as wait } from "node:timers/promises";
import { callInSequence } from "./call-in-sequence.ts";
import { callsPerSecond } from "./calls-per-second.ts";
import type { Contender } from "./contenders/contender.ts";
import { IN_FLIGHT } from "./contenders/in-flight.ts";
import { inTurns } from "./in-turns.ts";
import { onOneProcessor } from "./on-one-processor.ts";
import { PAYLOAD } from "./payload.ts";
import { BARE_PYTHON, startBarePython } from "./python/bare-python.ts";
import { createPythonHost, PYTHON_ECHO, PYTHON_ECHO_FOLDER } from "./python/paddock-python.ts";
import type { Measured, Question } from "./question.ts";

const PADDOCK = "paddock, every wall";
/** What is left of the guest before, in the kernel and in its host, is done with by then. */
const REST_MS = 40;
const CALLS_PER_ROUND = 300;
const CALLS_BEFORE = 1_000;
const TURN_MS = 60;

/** Launching included. */
const pythonStart: Question = {
  name: "python-start",
  title: "Python: from a call without a guest to its answer. Less is better.",
  unit: "ms",
  better: "less",
  baseline: BARE_PYTHON,
  measure: async ({ isQuick }) => {
    const { host, close } = await createPythonHost();
    const ours = async () => {
      const startedAt = performance.now();
      await host.call(PYTHON_ECHO, "echo", PAYLOAD);
      const ms = performance.now() - startedAt;
      await host.unload(PYTHON_ECHO);
      await host.load(PYTHON_ECHO_FOLDER);
      return ms;
    };
    const bare = async () => {
      const startedAt = performance.now();
      const child = startBarePython();
      await child.call(PAYLOAD);
      const ms = performance.now() - startedAt;
      await child.close();
      return ms;
    };
    try {
      await ours();
      const starters = [
        { name: PADDOCK, start: ours },
        { name: BARE_PYTHON, start: bare },
      ];
      return await inTurns(starters, isQuick ? 3 : 40, async ({ start }) => {
        await wait(REST_MS);
        return [await start()];
      });
    } finally {
      await close();
    }
  },
};

const pythonSequential: Question = {
  name: "python-sequential",
  title: "Python: one call after another, both sides on one processor. Less is better.",
  unit: "µs",
  better: "less",
  baseline: BARE_PYTHON,
  measure: ({ isQuick }) =>
    onOneProcessor(() =>
      withBoth(async (contenders) => {
        for (const contender of contenders) await callInSequence(contender, CALLS_BEFORE);
        return inTurns(contenders, isQuick ? 5 : 40, (contender) =>
          callInSequence(contender, CALLS_PER_ROUND),
        );
      }),
    ),
};

const pythonInFlight: Question = {
  name: "python-in-flight",
  title: `Python: calls per second with ${IN_FLIGHT} of them in flight. More is better.`,
  unit: "calls/s",
  better: "more",
  baseline: BARE_PYTHON,
  measure: ({ isQuick }) =>
    withBoth((contenders) =>
      inTurns(contenders, isQuick ? 5 : 60, async (contender) => [await callsPerSecond(contender, TURN_MS)]),
    ),
};

/** One interpreter, three questions. */
export const PYTHON_QUESTIONS: readonly Question[] = [pythonStart, pythonSequential, pythonInFlight];

async function withBoth(
  measure: (contenders: readonly Contender[]) => Promise<readonly Measured[]>,
): Promise<readonly Measured[]> {
  const { host, close } = await createPythonHost();
  const ours: Contender = {
    name: PADDOCK,
    call: (payload) => host.call(PYTHON_ECHO, "echo", payload),
    close,
  };
  const bare = startBarePython();
  try {
    for (const contender of [ours, bare]) await contender.call(PAYLOAD);
    return await measure([ours, bare]);
  } finally {
    await bare.close();
    await close();
  }
}
