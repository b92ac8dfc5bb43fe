import { callsPerSecond } from "./calls-per-second.ts";
import { BARE } from "./contenders/bare.ts";
import { IN_FLIGHT } from "./contenders/in-flight.ts";
import { withContenders } from "./contenders/start-contenders.ts";
import { inTurns } from "./in-turns.ts";
import type { Question } from "./question.ts";

/** Short enough that many turns are undisturbed by whatever else the machine does. */
const TURN_MS = 60;
const WARM_MS = 20;
const WARM_BEFORE_MS = 500;

export const throughput: Question = {
  name: "throughput",
  title: `Calls per second with ${IN_FLIGHT} of them in flight. More is better.`,
  unit: "calls/s",
  better: "more",
  baseline: BARE,
  measure: ({ isQuick }) =>
    withContenders(async (contenders) => {
      for (const contender of contenders) await callsPerSecond(contender, WARM_BEFORE_MS);
      return inTurns(contenders, isQuick ? 5 : 60, async (contender) => {
        await callsPerSecond(contender, WARM_MS);
        return [await callsPerSecond(contender, TURN_MS)];
      });
    }),
};
