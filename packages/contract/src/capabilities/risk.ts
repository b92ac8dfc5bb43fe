/**
 * How much a capability could harm: R0 needs no asking, R1 low, R2 medium, R3 high, R4 critical,
 * RX never for a third party. People see the words, not the numbers.
 */
export const RISKS = {
  R0: "automatic",
  R1: "low",
  R2: "medium",
  R3: "high",
  R4: "critical",
  RX: "never",
} as const;

export type Risk = keyof typeof RISKS;
