import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";

/** Where a guest leaves files for its caller. */
export const OUTBOX = "/outbox";
/** The same place as a part of the scratch space, whose quota it shares. */
export const OUTBOX_IN_SCRATCH = "/tmp/.outbox";

/** open(2): a place in the file system, which can be looked below but not read. */
const O_PATH = 0o10000000;

/** Pins a waiting guest's outbox: whatever the guest does to its names later, this stays that directory. */
export function openOutbox(pid: number): Promise<FileHandle> {
  return open(`/proc/${pid}/root${OUTBOX}`, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** One file of an outbox, for reading; FILE_REFUSED for everything that is not plainly one file of the guest's. */
export async function openOutput(
  outbox: FileHandle | undefined,
  label: string,
  name: string,
): Promise<FileHandle> {
  const refuse = (state: string, cause?: unknown) =>
    new PaddockError("FILE_REFUSED", `Cannot take ${JSON.stringify(name)} from "${label}": ${state}.`, {
      hint: "Write an ordinary file of that name directly into /outbox.",
      cause,
    });
  if (outbox === undefined) throw refuse("it has no outbox");
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name))
    throw refuse("that is no file name");
  // Never through a link, and never waiting for the other end of a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  const file = await open(`/proc/self/fd/${outbox.fd}/${name}`, flags).catch((error: unknown) => {
    throw refuse(stateOf(error), error);
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refuse("it is no ordinary file");
    if (found.nlink !== 1) throw refuse("it has another name too");
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function stateOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "ELOOP") return "it is a link";
  return `it cannot be opened (${String(code)})`;
}
