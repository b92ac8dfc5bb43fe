import { readdirSync, readFileSync } from "node:fs";

/** Words in the command lines of what a launch starts: bubblewrap, the stub, every interpreter behind it. */
const OURS = ["bwrap", "launch-stub", "/paddock/guest-entry"];

const CLOCK_TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly startedAtMs: number;
  readonly command: string;
}

/**
 * Guests and their bubblewraps that this run started and nobody is looking after: their nearest ancestor of
 * another kind is this very process, or init. Another run's guests hang below that run's own process.
 */
export function strayProcesses(sinceMs: number): readonly string[] {
  const all = new Map(readAll().map((process) => [process.pid, process]));
  const stray = [...all.values()].filter((one) => {
    if (!isOurs(one) || one.startedAtMs < sinceMs - 1_000) return false;
    const keeper = keeperOf(one, all);
    return keeper === undefined || keeper.pid === process.pid || keeper.pid === 1;
  });
  return stray.map(({ pid, command }) => `process ${pid} ${command}`);
}

function keeperOf(start: Process, all: ReadonlyMap<number, Process>): Process | undefined {
  let at: Process | undefined = start;
  while (at !== undefined && isOurs(at)) at = all.get(at.parent);
  return at;
}

function isOurs({ command }: Process): boolean {
  return OURS.some((word) => command.includes(word));
}

function readAll(): readonly Process[] {
  const bootAtMs = readBootTime();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name), bootAtMs) ?? []);
}

/** Nothing for a process that is gone, or only waits to be reaped. */
function readProcess(pid: number, bootAtMs: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before the last ")" may hold spaces; field 3 of proc(5) comes after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined;
    const startedAtMs = bootAtMs + (Number(fields[19]) / CLOCK_TICKS_PER_SECOND) * 1_000;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(fields[1]), startedAtMs, command };
  } catch {
    return undefined;
  }
}

function readBootTime(): number {
  const seconds = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
  return Number(seconds) * 1_000;
}
