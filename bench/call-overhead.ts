import { callInSequence } from "./call-in-sequence.ts";
import { BARE } from "./contenders/bare.ts";
import type { Contender } from "./contenders/contender.ts";
import { withContenders } from "./contenders/start-contenders.ts";
import { inTurns } from "./in-turns.ts";
import { onOneProcessor } from "./on-one-processor.ts";
import type { Measured, Question } from "./question.ts";

const CALLS_PER_ROUND = 300;
/** First calls of a turn, not counted: the processor was somebody else's. */
const CALLS_TO_WARM = 30;
const CALLS_BEFORE = 3_000;

export const callOverhead: Question = {
  name: "call-overhead",
  title:
    "One call after another, both sides on one processor: from asking to having the answer. Less is better.",
  unit: "µs",
  better: "less",
  baseline: BARE,
  measure: ({ isQuick }) => onOneProcessor(() => withContenders((all) => measureAll(all, isQuick ? 5 : 40))),
};

async function measureAll(contenders: readonly Contender[], rounds: number): Promise<readonly Measured[]> {
  for (const contender of contenders) await callInSequence(contender, CALLS_BEFORE);
  return inTurns(contenders, rounds, async (contender) => {
    await callInSequence(contender, CALLS_TO_WARM);
    return callInSequence(contender, CALLS_PER_ROUND);
  });
}
