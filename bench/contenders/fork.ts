import { fork } from "node:child_process";
import { once } from "node:events";
import type { Contender } from "./contender.ts";
import { Waiting } from "./waiting.ts";

/** A process of Node's own, without walls. */
export async function startFork(): Promise<Contender> {
  const child = fork(new URL("./guests/fork-guest.mjs", import.meta.url), { serialization: "json" });
  await once(child, "spawn");
  const waiting = new Waiting();
  child.on("message", (answer) => waiting.answer(answer));
  return {
    name: "child_process.fork",
    call: (payload) => {
      const answer = waiting.next();
      // Safe: a payload of these benchmarks is a plain object.
      child.send(payload as object);
      return answer;
    },
    close: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
