import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Contender } from "./contender.ts";
import { Waiting } from "./waiting.ts";

/** A thread of the same process, without walls: a structured clone each way. */
export async function startWorkerThread(): Promise<Contender> {
  const worker = new Worker(new URL("./guests/worker-guest.mjs", import.meta.url));
  await once(worker, "online");
  const waiting = new Waiting();
  worker.on("message", (answer) => waiting.answer(answer));
  return {
    name: "worker_threads",
    call: (payload) => {
      const answer = waiting.next();
      worker.postMessage(payload);
      return answer;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
