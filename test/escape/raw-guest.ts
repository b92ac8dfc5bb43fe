import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Limits } from "@paddock/host";
import type {
  GuestEnd,
  GuestProcess,
  Isolation,
  LaunchSpec,
} from "../../packages/host/src/isolation/isolation.js";
import { createProcessIsolation } from "../../packages/host/src/isolation/process/process.js";
import { type SeccompArch, SYSCALLS } from "../../packages/host/src/isolation/process/seccomp/syscalls.js";
import { libraryClosure } from "../../packages/host/src/runtimes/library-closure.js";

/** Programs that are no polite script: Perl, which every Debian has, makes any system call with any arguments. */
export interface RawGuests {
  readonly isolation: Isolation;
  readonly home: string;
  /** Runs a script to its end. */
  run(script: string, changes?: Partial<LaunchSpec>): Promise<RawRun>;
  /** Starts a script and lets it run. */
  start(script: string, changes?: Partial<LaunchSpec>): Promise<GuestProcess>;
  close(): Promise<void>;
}

export interface RawRun {
  readonly end: GuestEnd;
  /** What it printed. */
  readonly lines: readonly string[];
}

/** As few of everything as a script can do with; the baseline of Perl is next to nothing. */
export const RAW_LIMITS: Limits = {
  memoryBytes: 32 * 1024 ** 2,
  cpuCores: 1,
  cpuTimeMs: 20_000,
  timeoutMs: 10_000,
  startTimeoutMs: 10_000,
  diskBytes: 4 * 1024 ** 2,
  scratchBytes: 4 * 1024 ** 2,
  inodes: 200,
  processes: 1,
  threads: 4,
  files: 64,
  messageBytes: 65_536,
  payloadBytes: 65_536,
  resultBytes: 1_048_576,
  logLinesPerSecond: 1_000,
  concurrency: 1,
};

const PERL = "/usr/bin/perl";

export async function openRawGuests(): Promise<RawGuests> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "raw-")));
  const isolation = await createProcessIsolation({ home, uids: { from: 2_000_200_000, count: 1_000 } });
  const executables = [{ source: realpathSync(PERL), target: PERL }, ...(await libraryClosure(PERL))];
  let count = 0;

  function launch(script: string, changes: Partial<LaunchSpec>, lines: string[]): Promise<GuestProcess> {
    count += 1;
    return isolation.launch({
      label: `raw.${count}`,
      owner: { plugin: "attacker/raw", tenant: `t${count}` },
      program: PERL,
      args: ["-e", `$| = 1; ${script}`],
      env: {},
      workingDirectory: "/",
      executables,
      inputs: [],
      data: { source: join(home, "data", String(count)) },
      dataAliases: [],
      limits: RAW_LIMITS,
      baseline: { dataBytes: 8 * 1024 ** 2, threads: 1, files: 8 },
      onLog: ({ text }) => lines.push(text),
      ...changes,
    });
  }

  return {
    isolation,
    home,
    run: async (script, changes = {}) => {
      const lines: string[] = [];
      const guest = await launch(script, changes, lines);
      return { end: await guest.ended, lines };
    },
    start: (script, changes = {}) => launch(script, changes, []),
    close: async () => {
      await isolation.close();
      // Some leave folders that are locked, or deeper than a path is long.
      execFileSync("chmod", ["-R", "u+rwX", home]);
      execFileSync("rm", ["-rf", home]);
    },
  };
}

// Safe: the walls exist on these two processors only, and nothing else runs these tests.
const NUMBERS = SYSCALLS[process.arch as SeccompArch];

/** Number of a system call on this machine; not all of them are on both. */
export function numberOf(name: string): number | undefined {
  return (NUMBERS as Readonly<Record<string, number>>)[name];
}

/** Perl for one call that prints its error number, 0 when it succeeded. */
export function call(name: string, args: string): string {
  // Perl refuses to hand constants to the kernel, which might write to them.
  const variables = args.replace(/'[^']*'/g, (text, at: number) => `(my $t${at} = ${text})`);
  const all = [numberOf(name), variables].filter((part) => part !== "").join(", ");
  return `$! = 0; my $r = syscall(${all}); print $r == -1 ? $! + 0 : 0, "\\n";`;
}
