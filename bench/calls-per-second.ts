import type { Contender } from "./contenders/contender.ts";
import { IN_FLIGHT } from "./contenders/in-flight.ts";
import { PAYLOAD } from "./payload.ts";

/** The rate over so many milliseconds, with as many calls in flight as everybody has. */
export async function callsPerSecond({ call }: Contender, forMs: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const callUntilOver = async () => {
    while (performance.now() - startedAt < forMs) {
      await call(PAYLOAD);
      done++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, callUntilOver));
  return (done / (performance.now() - startedAt)) * 1000;
}
