import { randomUUID } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Far more than bubblewrap ever says. */
const MAX_STATUS_BYTES = 16 * 1024;
/** How often the file is looked at by somebody who waits for the child's name. */
const LOOK_MS = 1;

/** What bubblewrap has told so far. */
export interface Status {
  /** The sandbox's first process in the host's pid namespace. */
  readonly childPid: number | undefined;
  /** The program's exit code, 128 + signal for a killed one. */
  readonly exitCode: number | undefined;
}

/**
 * Where bubblewrap writes its status. A file without a name and not a pipe: when the host is killed, a write to a
 * pipe would end bubblewrap too, and should that be between its fork and the uid map, its child would wait for
 * the map for ever.
 */
export interface StatusFile {
  /** To be handed to bubblewrap. */
  readonly descriptor: number;
  read(): Promise<Status>;
  /** The child's pid as soon as it is known; rejects when the signal aborts. */
  childPid(stop: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

export async function openStatusFile(directory: string): Promise<StatusFile> {
  const path = join(directory, `status-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  await unlink(path);
  const read = async (): Promise<Status> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_STATUS_BYTES), 0, MAX_STATUS_BYTES, 0);
    return parseStatus(buffer.toString("latin1", 0, bytesRead));
  };
  return {
    descriptor: file.fd,
    read,
    childPid: async (stop) => {
      for (;;) {
        const { childPid } = await read();
        if (childPid !== undefined) return childPid;
        await wait(LOOK_MS, undefined, { signal: stop });
      }
    },
    close: () => file.close(),
  };
}

/** JSON values, one a line; only whole numbers count, for the end may not be written yet. */
export function parseStatus(text: string): Status {
  const find = (pattern: RegExp) => {
    const match = pattern.exec(text);
    return match === null ? undefined : Number(match[1]);
  };
  return { childPid: find(/"child-pid": ?(\d+)[,\s}]/), exitCode: find(/"exit-code": ?(\d+)[,\s}]/) };
}
