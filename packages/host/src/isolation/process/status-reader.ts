import type { Readable } from "node:stream";

/** What bubblewrap tells on its status descriptor. */
export interface StatusReader {
  /** The sandbox's first process in the host's pid namespace; `undefined` when bubblewrap ended before. */
  readonly childPid: Promise<number | undefined>;
  /** The program's exit code, 128 + signal for a killed one; `undefined` while it is not known. */
  exitCode(): number | undefined;
  /** Resolves when everything has been said. */
  readonly ended: Promise<void>;
}

/** Far more than bubblewrap ever says. */
const MAX_STATUS_BYTES = 16 * 1024;

/** JSON values, one a line; the first may arrive in pieces. */
export function readStatus(source: Readable): StatusReader {
  let text = "";
  const find = (pattern: RegExp) => {
    const match = pattern.exec(text);
    return match === null ? undefined : Number(match[1]);
  };
  const ended = new Promise<void>((resolve) => source.once("close", resolve));
  const childPid = new Promise<number | undefined>((resolve) => {
    source.on("data", (chunk: Buffer) => {
      if (text.length < MAX_STATUS_BYTES) text += chunk.toString("latin1");
      const pid = find(/"child-pid": ?(\d+)[,\s}]/);
      if (pid !== undefined) resolve(pid);
    });
    source.on("error", () => source.destroy());
    source.once("close", () => resolve(undefined));
  });
  return { childPid, exitCode: () => find(/"exit-code": ?(\d+)[,\s}]/), ended };
}
