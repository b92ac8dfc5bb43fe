import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Starter } from "./starter.ts";
import type { StarterReply } from "./starter-process.ts";

const PROGRAM = fileURLToPath(new URL("./starter-process.ts", import.meta.url));

/** In a mount namespace of its own, where there is no control group to be found. Only root may make one. */
const WITHOUT_CGROUPS = ["unshare", "--mount", "sh", "-c", 'umount -R -l /sys/fs/cgroup && exec "$0" "$@"'];

export interface StarterOptions {
  readonly starter: string;
  readonly hidesCgroups?: boolean;
}

/** Runs a starter in a process of its own. Rejects with what it said when it cannot start. */
export async function runStarter({ starter, hidesCgroups = false }: StarterOptions): Promise<Starter> {
  const [command = "", ...args] = [
    ...(hidesCgroups ? WITHOUT_CGROUPS : []),
    process.execPath,
    PROGRAM,
    starter,
  ];
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const exited = once(child, "exit");
  const close = async () => {
    if (child.connected) child.send("close");
    await exited;
  };
  await nextReply(child, starter).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    start: () => {
      const reply = nextReply(child, starter);
      child.send("start");
      return reply;
    },
    close,
  };
}

function nextReply(child: ChildProcess, starter: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`The process of "${starter}" ended.`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      // Safe: only starter-process.ts is at the other end.
      const reply = message as StarterReply;
      if ("ms" in reply) resolve(reply.ms);
      else reject(new Error(reply.error));
    });
  });
}
