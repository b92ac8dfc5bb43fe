import { CallPipeline } from "../packages/host/dist/pipeline/call-pipeline.js";
import { Supervisor } from "../packages/host/dist/supervisor/supervisor.js";
import { createEchoHost, ECHO_PLUGIN } from "./contenders/paddock.ts";
import { inTurns } from "./in-turns.ts";
import { onOneProcessor } from "./on-one-processor.ts";
import { PAYLOAD } from "./payload.ts";
import type { Measured, Question } from "./question.ts";

const CALLS_PER_ROUND = 300;
const CALLS_TO_WARM = 30;
const CALLS_BEFORE = 5_000;
/** Calls that are timed together where one is too short for the clock. */
const CALLS_AT_ONCE = 1_000;

const BARE = "supervisor alone";

interface Contender {
  readonly name: string;
  readonly call: () => Promise<unknown>;
  /** How many calls one sample is the mean of. */
  readonly together: number;
}

export const pipeline: Question = {
  name: "pipeline",
  title:
    "One call after another: the supervisor alone, the whole default pipeline before it, and the pipeline before a guest that answers at once. Less is better.",
  unit: "µs",
  better: "less",
  baseline: BARE,
  measure: ({ isQuick }) => onOneProcessor(() => measureAll(isQuick ? 5 : 60)),
};

async function measureAll(rounds: number): Promise<readonly Measured[]> {
  const { host, close } = await createEchoHost();
  try {
    const whole = () => host.call(ECHO_PLUGIN, "echo", PAYLOAD);
    const { bare, instant } = await takeApart(whole);
    const contenders: readonly Contender[] = [
      { name: BARE, call: bare, together: 1 },
      { name: "pipeline and supervisor", call: whole, together: 1 },
      { name: "pipeline alone", call: instant, together: CALLS_AT_ONCE },
    ];
    for (const { call } of contenders) for (let done = 0; done < CALLS_BEFORE; done++) await call();
    return await inTurns(contenders, rounds, async (contender) => {
      for (let done = 0; done < CALLS_TO_WARM; done++) await contender.call();
      return samplesOf(contender);
    });
  } finally {
    await close();
  }
}

async function samplesOf({ call, together }: Contender): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let round = 0; round < (together === 1 ? CALLS_PER_ROUND : 5); round++) {
    const startedAt = performance.now();
    for (let done = 0; done < together; done++) await call();
    samples.push(((performance.now() - startedAt) * 1000) / together);
  }
  return samples;
}

/** The same supervisor without the stages, and the same stages without the supervisor. */
async function takeApart(whole: () => Promise<unknown>) {
  const real = Supervisor.prototype.call;
  type Taken = { readonly supervisor: Supervisor; readonly args: Parameters<typeof real> };
  let taken: Taken | undefined;
  Supervisor.prototype.call = function (...args) {
    taken = { supervisor: this, args };
    return real.apply(this, args);
  };
  await whole();
  Supervisor.prototype.call = real;
  if (taken === undefined) throw new Error("The call did not reach the supervisor.");
  const { supervisor, args } = taken as Taken;
  const [plugin, { action, tenant, traceparent, timeoutMs, signal, shareKey }] = args;
  const answer = Promise.resolve(PAYLOAD);
  const stages = new CallPipeline({
    attempt: () => answer,
    hasRoom: () => true,
    refusal: () => undefined,
    ownStages: [],
    onTrace: undefined,
    onCall: undefined,
  });
  stages.add(plugin, new Map());
  return {
    bare: () =>
      supervisor.call(
        plugin,
        { action, tenant, traceparent, timeoutMs, signal, shareKey },
        JSON.stringify(PAYLOAD),
      ),
    instant: () => stages.call(plugin, "echo", PAYLOAD),
  };
}
