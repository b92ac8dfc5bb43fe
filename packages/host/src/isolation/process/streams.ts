import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";
import type { GuestStreams, LaunchSpec } from "../isolation.js";
import { readLogStream } from "./log-stream.js";
import { pairedChannel } from "./paired-channel.js";
import { passOn } from "./raw-stream.js";

/** Descriptors of the guest's first process that are channels to the host. */
export const GATE = 3;
export const DATA = 4;

/** What is said over a guest's descriptors, and by whom it is read. */
export interface Streams {
  /** Where the launch stub reports and waits. */
  readonly gate: Duplex;
  readonly channel: Duplex;
  readonly data: Duplex | undefined;
  readonly raw: GuestStreams | undefined;
  lastLines(): readonly string[];
  /** Resolves when every word of a dead guest has arrived. */
  drained(): Promise<void>;
  /** Lets go of all descriptors; what arrived and was not read stays readable. */
  close(): void;
}

/** How the first process is started: its descriptors 0 to 4. */
export function descriptorsFor({ stdio = "logged" }: LaunchSpec): readonly ("pipe" | "ignore")[] {
  const input = stdio === "logged" ? "ignore" : "pipe";
  return [input, "pipe", "pipe", "pipe", stdio === "logged" ? "pipe" : "ignore"];
}

export function openStreams(child: ChildProcess, spec: LaunchSpec): Streams {
  const all: readonly unknown[] = child.stdio;
  // Safe: descriptorsFor() asked for pipes at these numbers, which Node makes two-way sockets.
  const [stdin, stdout, stderr] = all as readonly [Writable | null, Readable, Readable];
  const gate = quiet(all[GATE] as Duplex);
  const data = all[DATA] as Duplex | null;
  const rate = spec.limits.logLinesPerSecond;
  const shared = {
    gate,
    drained: () => bothEnded([stdout, stderr]),
  };
  const close = () => {
    for (const stream of child.stdio) stream?.destroy();
  };
  switch (spec.stdio ?? "logged") {
    case "logged": {
      const logs = [
        readLogStream("stdout", stdout, rate, spec.onLog),
        readLogStream("stderr", stderr, rate, spec.onLog),
      ];
      return {
        ...shared,
        channel: gate,
        data: data === null ? undefined : quiet(data),
        raw: undefined,
        lastLines: () => logs.flatMap((log) => log.lastLines()),
        close: () => {
          for (const log of logs) log.close();
          close();
        },
      };
    }
    case "wire": {
      const log = readLogStream("stderr", stderr, rate, spec.onLog);
      return {
        ...shared,
        channel: quiet(pairedChannel(stdout, quiet(writable(stdin)))),
        data: undefined,
        raw: undefined,
        lastLines: log.lastLines,
        drained: () => bothEnded([stderr]),
        close: () => {
          log.close();
          close();
        },
      };
    }
    case "raw": {
      const [out, err] = [passOn(stdout), passOn(stderr)];
      return {
        ...shared,
        channel: gate,
        data: undefined,
        raw: { stdin: quiet(writable(stdin)), stdout: out.stream, stderr: err.stream },
        lastLines: err.lastLines,
        drained: () => {
          out.flush();
          err.flush();
          // The launch stub's last words, when it could not execute the program.
          gate.resume();
          return bothEnded([stdout, stderr, gate]);
        },
        close,
      };
    }
  }
}

function writable(stream: Writable | null): Writable {
  if (stream === null) throw new TypeError("a guest without a standard input");
  return stream;
}

/** The other end may go at any moment; who waits for the guest hears of that. */
function quiet<T extends Writable | Duplex>(stream: T): T {
  stream.on("error", () => stream.destroy());
  return stream;
}

async function bothEnded(streams: readonly Readable[]): Promise<void> {
  await Promise.all(
    streams.map((stream) =>
      stream.readableEnded || stream.destroyed
        ? undefined
        : new Promise<void>((resolve) => stream.once("close", resolve).once("end", resolve)),
    ),
  );
}
