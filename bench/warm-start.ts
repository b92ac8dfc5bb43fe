import { type Candidate, measureStarters } from "./cold-start/measure-starters.ts";
import { BARE } from "./contenders/bare.ts";
import type { Question } from "./question.ts";

const CANDIDATES: readonly Candidate[] = [
  { name: "paddock, a guest for each call", starter: "standby" },
  { name: "paddock, a guest for each tenant", starter: "shared-standby" },
  { name: "paddock, high-security", starter: "high-security-standby" },
  { name: BARE, starter: "bare" },
];

export const warmStart: Question = {
  name: "warm-start",
  title:
    "From a call for which a standby is there to its answer: the first call of that guest. Less is better.",
  unit: "ms",
  better: "less",
  baseline: BARE,
  measure: (effort) => measureStarters(CANDIDATES, effort),
};
