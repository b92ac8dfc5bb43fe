import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { SandboxManager } from "@anthropic-ai/sandbox-runtime";
import { timeFirstEcho } from "./first-echo.ts";
import type { Starter } from "./starter.ts";

const GUEST = fileURLToPath(new URL("./stdio-guest.mjs", import.meta.url));

/** As its README embeds it: initialised once, each command wrapped and run by a shell. No network, writes to /tmp. */
export async function createSandboxRuntimeStarter(): Promise<Starter> {
  // It looks through its working directory for files that must not be written; here there are few.
  process.chdir(tmpdir());
  await SandboxManager.initialize({
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: [], allowWrite: [tmpdir()], denyWrite: [] },
  });
  return {
    start: async () => {
      const startedAt = performance.now();
      const command = await SandboxManager.wrapWithSandbox(`"${process.execPath}" "${GUEST}"`);
      const child = spawn(command, { shell: true, detached: true, stdio: ["pipe", "pipe", "inherit"] });
      const { stdin: input, stdout: output, pid } = child;
      const ms = await timeFirstEcho(startedAt, child, { input, output }, () => {
        // The shell and what it started are a group of their own.
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
      });
      SandboxManager.cleanupAfterCommand();
      return ms;
    },
    close: () => SandboxManager.reset(),
  };
}
