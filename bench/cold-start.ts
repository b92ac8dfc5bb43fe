import { type Candidate, measureStarters } from "./cold-start/measure-starters.ts";
import { prepareSandboxRuntime } from "./cold-start/sandbox-runtime-needs.ts";
import { BARE } from "./contenders/bare.ts";
import type { Question } from "./question.ts";

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
  measure: (effort) => measureStarters(CANDIDATES, effort),
};
