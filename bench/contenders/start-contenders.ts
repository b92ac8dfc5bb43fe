import { isDeepStrictEqual } from "node:util";
import { PAYLOAD } from "../payload.ts";
import { startBare } from "./bare.ts";
import type { Contender } from "./contender.ts";
import { startFork } from "./fork.ts";
import { startIsolatedVm } from "./isolated-vm.ts";
import { startPaddock } from "./paddock.ts";
import { startPiscina } from "./piscina.ts";
import { startQuickJs } from "./quickjs.ts";
import { startWorkerThread } from "./worker-thread.ts";

/** In the order of the table. */
const STARTERS = [
  startPaddock,
  startBare,
  startFork,
  startWorkerThread,
  startPiscina,
  startIsolatedVm,
  startQuickJs,
];

/** Everybody, started and seen to answer; ended when `use` is done, however it ends. */
export async function withContenders<T>(use: (contenders: readonly Contender[]) => Promise<T>): Promise<T> {
  const contenders: Contender[] = [];
  try {
    for (const start of STARTERS) {
      const contender = await start();
      contenders.push(contender);
      await assertEchoes(contender);
    }
    return await use(contenders);
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function assertEchoes({ name, call }: Contender): Promise<void> {
  const answer = await call(PAYLOAD);
  if (answer !== PAYLOAD && isDeepStrictEqual(answer, PAYLOAD)) return;
  throw new Error(`"${name}" does not echo: ${JSON.stringify(answer)}`);
}
