import { constants, type FileHandle, lstat, mkdir, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { PaddockError } from "@paddock/contract";

/** The folder of a control socket, held open: whoever renames or replaces it on the way changes nothing for us. */
export interface ControlDirectory {
  /** Where the socket is, through the open folder; as long a path as anybody likes fits. */
  readonly address: string;
  close(): Promise<void>;
}

/** Bits of a mode that let others in. */
const OTHERS = 0o077;

/** Opens, or first makes, a folder that only this user can enter. Rejects with SETUP_FAILED. */
export async function claimControlDirectory(path: string): Promise<ControlDirectory> {
  const directory = dirname(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw refused(directory, codeOf(cause), "Choose another home with --home.", cause);
  }
  const handle = await open(directory, DIRECTORY).catch((cause: unknown) => {
    throw refused(directory, `it is not a folder of its own (${codeOf(cause)})`, REMEDY, cause);
  });
  try {
    const { uid, mode } = await handle.stat();
    if (uid !== process.geteuid?.()) throw refused(directory, "it belongs to another user", REMEDY);
    if ((mode & OTHERS) !== 0) {
      throw refused(directory, "others may enter it", `Run: chmod 700 ${directory}`);
    }
    return toDirectory(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Opens the folder of somebody's socket, without a link in its place. Rejects with HOST_UNREACHABLE. */
export async function openControlDirectory(path: string): Promise<ControlDirectory> {
  const handle = await open(dirname(path), DIRECTORY).catch((cause: unknown) => {
    throw unreachable(path, cause);
  });
  try {
    const { uid } = await handle.stat();
    const me = process.geteuid?.();
    // Another user could otherwise put a socket there that answers in the host's place.
    if (uid !== me && uid !== 0 && me !== 0) throw unreachable(path, undefined, "it belongs to another user");
    return toDirectory(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** No host answers there, and what to do. */
export function unreachable(path: string, cause: unknown, state = stateOf(cause)): PaddockError {
  return new PaddockError("HOST_UNREACHABLE", `No host answers at ${path}: ${state}.`, {
    hint:
      codeOf(cause) === "EACCES"
        ? "Only the user who started the host may reach it: use that user."
        : "Start one with `paddock serve`, or say where it has its home: --home DIR.",
    cause,
  });
}

/** What lies at a path, links not followed; `undefined` when there is nothing. */
export async function lookAt(path: string): Promise<"socket" | "other" | undefined> {
  const stats = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (stats === undefined) return undefined;
  return stats.isSocket() ? "socket" : "other";
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const REMEDY = "Remove what is there, or choose another home with --home.";

function toDirectory(handle: FileHandle, path: string): ControlDirectory {
  return {
    address: `/proc/self/fd/${handle.fd}/${basename(path)}`,
    close: () => handle.close(),
  };
}

function stateOf(cause: unknown): string {
  const code = codeOf(cause);
  if (code === "ENOENT") return "there is no socket";
  if (code === "ECONNREFUSED") return "the socket was left by a host that is gone";
  if (code === "EACCES") return "this user may not open it";
  return code;
}

function refused(directory: string, state: string, hint: string, cause?: unknown): PaddockError {
  return new PaddockError("SETUP_FAILED", `Cannot put a control socket into ${directory}: ${state}.`, {
    hint,
    cause,
  });
}
