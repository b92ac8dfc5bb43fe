/** How much time a run may take: `quick` says whether it works, the other one what the numbers are. */
export interface Effort {
  readonly isQuick: boolean;
}

/** One thing that can be measured, of ours and of what else could be used in its place. */
export interface Question {
  readonly name: string;
  /** For people: what was measured, and whether less or more of it is better. */
  readonly title: string;
  readonly unit: string;
  readonly better: "less" | "more";
  /** Name of the row that all others are compared with. */
  readonly baseline: string;
  /** Measures everybody in turns; resolves with the samples of each. What it starts has ended by then. */
  measure(effort: Effort): Promise<readonly Measured[]>;
}

/** What one contender needed, or why it could not take part. */
export type Measured =
  | {
      readonly kind: "samples";
      readonly name: string;
      readonly samples: readonly number[];
      /** Name of the row that this one is compared with, where it is not the question's. */
      readonly baseline?: string;
    }
  | { readonly kind: "unavailable"; readonly name: string; readonly reason: string };
