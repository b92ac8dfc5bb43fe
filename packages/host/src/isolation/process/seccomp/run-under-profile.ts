import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assembleSeccomp } from "./assemble.js";
import { type GuestProfileOptions, guestProfile } from "./profile.js";
import type { SeccompArch } from "./syscalls.js";

/** What a command left behind; `status` is 159 when the profile killed it. */
export type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** The exit status of a process that ended by SIGSYS. */
export const SIGSYS_EXIT = 128 + 31;

const ENDS_AFTER_MS = 15_000;

/**
 * Runs a command inside bubblewrap with nothing around it but the profile for `options`: for tests of the
 * profile on the running kernel. `wrap` may put a command around bubblewrap's own.
 */
export function runUnderProfile(
  options: GuestProfileOptions,
  command: readonly string[],
  wrap: (bwrap: readonly string[]) => readonly string[] = (bwrap) => bwrap,
): Outcome {
  const directory = mkdtempSync(join(tmpdir(), "seccomp-"));
  const file = join(directory, "program.bpf");
  // Safe: the kernel walls exist on these two processors only, and nothing else runs them.
  writeFileSync(file, assembleSeccomp(guestProfile(options), process.arch as SeccompArch));
  const program = openSync(file, "r");
  const walls = [
    "--unshare-user",
    "--unshare-pid",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    // This very tree may lie there.
    "--ro-bind",
    process.execPath,
    process.execPath,
  ];
  const [head = "", ...rest] = wrap(["bwrap", ...walls, "--seccomp", "4", "--", ...command]);
  try {
    const { status, stdout, stderr } = spawnSync(head, rest, {
      stdio: ["ignore", "pipe", "pipe", "ignore", program],
      encoding: "utf8",
      timeout: ENDS_AFTER_MS,
    });
    return { status, stdout, stderr };
  } finally {
    closeSync(program);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The interpreter itself: `python3` may be a script that starts it, which needs processes. */
export function pythonPath(): string {
  const script = "import sys; print(sys.executable)";
  return spawnSync("python3", ["-c", script], { encoding: "utf8" }).stdout.trim();
}
