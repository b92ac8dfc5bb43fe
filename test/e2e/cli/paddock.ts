import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../../packages/cli/bin/paddock.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the built command to its end, without a terminal. */
export async function paddock(args: readonly string[], surroundings: Surroundings = {}): Promise<Finished> {
  const child = startPaddock(args, surroundings);
  child.stdin?.end(surroundings.input ?? "");
  return finish(child);
}

/** Runs it as a person would see it: on a terminal, whose output is returned as it is. */
export async function paddockOnTerminal(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const line = [process.execPath, PROGRAM, ...args].map(quote).join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], options(surroundings));
  child.stdin.end(surroundings.input ?? "");
  return finish(child);
}

/** Starts it and does not wait. */
export function startPaddock(args: readonly string[], surroundings: Surroundings = {}): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], options(surroundings));
}

/** The command line of a program that runs the command after another one has prepared the ground. */
export function paddockWords(args: readonly string[]): string {
  return [process.execPath, PROGRAM, ...args].map(quote).join(" ");
}

export async function finish(child: ChildProcess): Promise<Finished> {
  const chunks = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk) => (chunks.stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk) => (chunks.stderr += chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, ...chunks };
}

/** A folder of its own, searchable by the users that plugins run as. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "cli-"));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Writes files, by their paths below a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

function options({ cwd, env }: Surroundings) {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  return { cwd: cwd ?? tmpdir(), env: { ...inherited, TERM: "xterm", ...env } };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
