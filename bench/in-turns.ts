import type { Measured } from "./question.ts";

/**
 * Measures everybody for a short while, then everybody again: what the machine does meanwhile, and how warm it
 * is, then meets all of them alike. Every round begins with another one.
 */
export async function inTurns<T extends { readonly name: string }>(
  contenders: readonly T[],
  rounds: number,
  measure: (contender: T) => Promise<readonly number[]>,
): Promise<readonly Measured[]> {
  const samples = new Map<T, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, collected] of rotate([...samples], round)) {
      collected.push(...(await measure(contender)));
    }
  }
  return [...samples].map(([{ name }, collected]) => ({ kind: "samples", name, samples: collected }));
}

function rotate<T>(all: readonly T[], by: number): readonly T[] {
  const at = by % Math.max(1, all.length);
  return [...all.slice(at), ...all.slice(0, at)];
}
