import type { Contender } from "./contenders/contender.ts";
import { PAYLOAD } from "./payload.ts";

/** Calls one after another; what each took, in microseconds. */
export async function callInSequence({ call }: Contender, calls: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let done = 0; done < calls; done++) {
    const startedAt = performance.now();
    await call(PAYLOAD);
    samples.push((performance.now() - startedAt) * 1000);
  }
  return samples;
}
