import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Attack } from "./attacks.ts";
import type { Belongings } from "./belongings.ts";
import type { Outcome } from "./outcome.ts";

const PLAIN_HOST = join(import.meta.dirname, "plain-host.ts");
const TIMEOUT_MS = 20_000;

/** The same attack without walls: the plugin's code in the process of an application, which really suffers it. */
export async function attackInPlainNode({ name }: Attack, belongings: Belongings): Promise<Outcome> {
  const { target, secret, scratch } = belongings;
  const env = { ...process.env, [target.secretName]: secret, TMPDIR: scratch, NODE_NO_WARNINGS: "1" };
  const { exitCode, output } = await run([PLAIN_HOST, name, JSON.stringify(target)], env);
  const outcome = readOutcome(output) ?? { loot: undefined, stop: undefined, isHostPatched: false };
  if (name === "leave-process" && typeof outcome.loot === "number") endLeftProcess(outcome.loot);
  return { ...outcome, exitCode };
}

interface Run {
  readonly exitCode: number | undefined;
  readonly output: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env, timeout: TIMEOUT_MS }, (_error, output) =>
      resolve({ exitCode: child.exitCode ?? undefined, output }),
    );
  });
}

function readOutcome(output: string): Outcome | undefined {
  // Safe: written by our own program; one that an attack replaced has written nothing.
  return output === "" ? undefined : (JSON.parse(output) as Outcome);
}

/** It lives on although the application that started it has ended: that was the attack. */
function endLeftProcess(pid: number): void {
  process.kill(pid, "SIGKILL");
}
