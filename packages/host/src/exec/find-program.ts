import { access, constants, open, realpath, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { PaddockError } from "@paddock/contract";

/** What PATH is inside; programs are looked for here first, so that a name means the same on both sides. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Longer first lines are not read by the kernel either (BINPRM_BUF_SIZE). */
const SHEBANG_BYTES = 256;

/** A program of the host's that may be executed. */
export interface FoundProgram {
  /** Absolute, as it was named: a program may look at its own name. */
  readonly path: string;
  /** The file itself. */
  readonly file: string;
  /** What the first line of a script names; nothing for a binary. */
  readonly interpreter: string | undefined;
}

/** Finds a program as a shell would. Throws USAGE_INVALID with what was looked at. */
export async function findProgram(name: unknown, folder = process.cwd()): Promise<FoundProgram> {
  if (typeof name !== "string" || name === "" || name.includes("\0"))
    throw refused(
      name,
      "it is no name of a program",
      "Give the program and its arguments as an array of texts.",
    );
  const path = name.includes("/") ? resolve(folder, name) : await findInPath(name);
  if (path === undefined)
    throw refused(name, "there is no such program in PATH", "Check the spelling, or give its whole path.");
  const file = await realpath(path).catch(() => undefined);
  const stats = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || stats === undefined)
    throw refused(
      name,
      "there is no such file",
      "Check the spelling; relative paths start at the current folder.",
    );
  if (!stats.isFile()) throw refused(name, "it is no file", "Give a program.");
  if (!(await isExecutable(file)))
    throw refused(name, "it is not executable", `Run "chmod +x ${path}", or name the interpreter before it.`);
  return { path, file, interpreter: await readInterpreter(name, file) };
}

/** An empty or relative part of PATH means the current folder, where anybody's program may lie. */
async function findInPath(name: string): Promise<string | undefined> {
  const folders = [SYSTEM_PATH, process.env.PATH ?? ""].flatMap((list) => list.split(delimiter));
  for (const folder of folders.filter((one) => isAbsolute(one))) {
    const path = join(folder, name);
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile && (await isExecutable(path))) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function readInterpreter(name: string, file: string): Promise<string | undefined> {
  const start = await readStart(file).catch((error: NodeJS.ErrnoException) => {
    throw refused(name, `it cannot be read (${error.code})`, "Make it readable for this user.");
  });
  if (start.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"))) return undefined;
  const interpreter = /^#![ \t]*(\/[^\s]+)/.exec(start.toString("latin1").split("\n")[0] ?? "")?.[1];
  if (interpreter !== undefined) return interpreter;
  throw refused(
    name,
    "it is neither a program nor a script that names its interpreter",
    'Begin it with a line such as "#!/bin/sh", or name the interpreter before it.',
  );
}

async function readStart(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SHEBANG_BYTES), 0, SHEBANG_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function refused(name: unknown, state: string, hint: string): PaddockError {
  return new PaddockError("USAGE_INVALID", `Cannot run ${JSON.stringify(name) ?? "nothing"}: ${state}.`, {
    hint,
  });
}
