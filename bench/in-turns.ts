import type { Measured } from "./question.ts";

/**
 * Measures everybody for a short while, then everybody again: what the machine does meanwhile, and how warm it
 * is, then meets all of them alike. The order is another one every time, so that nobody always follows the same one.
 */
export async function inTurns<T extends { readonly name: string }>(
  contenders: readonly T[],
  rounds: number,
  measure: (contender: T) => Promise<readonly number[]>,
): Promise<readonly Measured[]> {
  const samples = new Map<T, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, collected] of shuffle([...samples])) {
      collected.push(...(await measure(contender)));
    }
  }
  return [...samples].map(([{ name }, collected]) => ({ kind: "samples", name, samples: collected }));
}

/** Fisher and Yates. */
function shuffle<T>(all: readonly T[]): readonly T[] {
  const shuffled = [...all];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    // Safe: both are below the length.
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}
