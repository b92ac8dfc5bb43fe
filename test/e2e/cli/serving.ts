import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type Finished, finish, startPaddock } from "./paddock.ts";

/** A `paddock serve` or `paddock dev` that runs. */
export interface ServingCommand {
  readonly child: ChildProcess;
  /** What it has said so far, on both streams. */
  said(): string;
  /** Resolves when it has said so; rejects when it ends before. */
  until(pattern: RegExp): Promise<void>;
  /** Ends it with a signal. */
  end(signal?: NodeJS.Signals): Promise<Finished>;
}

export function startServing(args: readonly string[]): ServingCommand {
  const child = startPaddock(args);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      said += String(chunk);
      child.emit("said");
    });
  }
  const finished = finish(child);
  let hasEnded = false;
  void finished.then(() => {
    hasEnded = true;
    child.emit("said");
  });
  return {
    child,
    said: () => said,
    until: async (pattern) => {
      while (!pattern.test(said)) {
        if (hasEnded) throw new Error(`It ended without saying ${pattern}:\n${said}`);
        await once(child, "said");
      }
    },
    end: async (signal = "SIGTERM") => {
      if (!hasEnded) child.kill(signal);
      return finished;
    },
  };
}
