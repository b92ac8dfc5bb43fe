import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { Contender } from "./contender.ts";
import { IN_FLIGHT } from "./in-flight.ts";

/** A pool of one thread. */
export async function startPiscina(): Promise<Contender> {
  const pool = new Piscina({
    filename: fileURLToPath(new URL("./guests/piscina-guest.mjs", import.meta.url)),
    name: "echo",
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: IN_FLIGHT,
  });
  return {
    name: "piscina",
    call: (payload) => pool.run(payload),
    close: () => pool.destroy(),
  };
}
