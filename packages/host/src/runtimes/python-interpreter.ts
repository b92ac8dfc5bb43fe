import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, delimiter, isAbsolute, join } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { Baseline } from "../isolation/isolation.js";
import { readElf } from "./elf.js";
import { type Measurement, measureIdle } from "./idle-measurement.js";
import { recallMeasurement } from "./measurement-cache.js";
import { PYTHON_FLAGS } from "./python-flags.js";

/** A CPython of the host's, as it describes itself. */
export interface PythonInterpreter {
  /** The real program, never a shim or a virtual environment's link. */
  readonly path: string;
  /** "3.11" */
  readonly version: string;
  /** Its standard library. */
  readonly standardLibrary: string;
  /** Name of the folder below its prefix that the library is in: "lib" or "lib64". */
  readonly platformFolder: string;
  /** What it uses while it has nothing to do. */
  readonly baseline: Baseline;
}

/** The oldest Python that runs guests. */
export const PYTHON_MINIMUM = { major: 3, minor: 9 } as const;

const FIX =
  'Install Python 3.9 or later (Debian: "apt-get install python3"), or set interpreter.python in the configuration to its path, e.g. "/usr/bin/python3".';

/** Says what it is on descriptor 3 and waits there. No code of a plugin's, nor any file but its own library. */
const REPORT_PROGRAM = `
import sys, os
major, minor = sys.version_info[:2]
base = getattr(sys, "_base_executable", "") or sys.executable
fields = [sys.implementation.name, major, minor, base, os.path.dirname(os.__file__), sys.platlibdir]
os.write(3, ("\\0".join(map(str, fields)) + "\\n").encode("utf-8", "surrogateescape"))
os.read(3, 1)
`;

/**
 * The interpreter that runs guests: the operator's choice, else the first on PATH that can. Rejects with
 * SETUP_FAILED that says what was found instead.
 */
export async function findPython(
  chosen: string | undefined,
  cacheDirectory: string,
  searchPath = process.env.PATH ?? "",
): Promise<PythonInterpreter> {
  const candidates = chosen === undefined ? await findOnPath(searchPath) : [chosen];
  let refusal: unknown;
  for (const candidate of candidates) {
    try {
      return await inspect(candidate, cacheDirectory);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? failure("Cannot run Python plugins: there is no python3 on this machine's PATH.");
}

async function findOnPath(searchPath: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of ["python3", "python"]) {
    // Relative entries would depend on where the host happens to be.
    for (const directory of searchPath.split(delimiter).filter((each) => isAbsolute(each))) {
      const path = join(directory, name);
      if (await isExecutable(path)) found.push(path);
    }
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function inspect(candidate: string, cacheDirectory: string): Promise<PythonInterpreter> {
  const path = await resolve(candidate);
  const first = await describe(path, cacheDirectory);
  // A virtual environment made with copies has a program of its own, but the library lies elsewhere.
  const base = await realpath(first.base).catch(() => path);
  const found = base === path ? first : await describe(base, cacheDirectory);
  assertSupported(candidate, found);
  const library = await realpath(found.standardLibrary).catch(() => "");
  if (basename(library) !== `python${found.version}`) {
    throw failure(`Cannot run Python plugins with "${candidate}": it has no standard library of its own.`);
  }
  return {
    path: base,
    version: found.version,
    standardLibrary: library,
    platformFolder: found.platformFolder,
    baseline: found.baseline,
  };
}

/** The real program behind links; a shim is a script, which says itself what it starts. */
async function resolve(candidate: string): Promise<string> {
  const path = await realpath(candidate).catch((cause: unknown) => {
    throw failure(`Cannot run Python plugins with "${candidate}": no such file.`, cause);
  });
  const isProgram = await readElf(path).then(
    () => true,
    () => false,
  );
  if (isProgram) return path;
  const described = parse(candidate, await measure(candidate));
  assertSupported(candidate, described);
  const { base } = described;
  return realpath(base).catch((cause: unknown) => {
    throw failure(`Cannot run Python plugins with "${candidate}": it does not say what it starts.`, cause);
  });
}

interface Described {
  readonly implementation: string;
  readonly version: string;
  readonly base: string;
  readonly standardLibrary: string;
  readonly platformFolder: string;
  readonly baseline: Baseline;
}

async function describe(path: string, cacheDirectory: string): Promise<Described> {
  return parse(path, await recallMeasurement(path, PYTHON_FLAGS, cacheDirectory, () => measure(path)));
}

async function measure(path: string): Promise<Measurement> {
  try {
    return await measureIdle(path, [...PYTHON_FLAGS, "-c", REPORT_PROGRAM]);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw failure(`Cannot run Python plugins with "${path}": ${state}.`, cause);
  }
}

function parse(path: string, { report, baseline }: Measurement): Described {
  const [implementation, major, minor, base, library, platformFolder] = report.split("\0");
  if (implementation === undefined || base === undefined || library === undefined || !platformFolder) {
    throw failure(`Cannot run Python plugins with "${path}": it does not answer like Python.`);
  }
  const version = `${major}.${minor}`;
  return { implementation, version, base, standardLibrary: library, platformFolder, baseline };
}

function assertSupported(candidate: string, { implementation, version }: Described): void {
  if (implementation !== "cpython") {
    throw failure(`Cannot run Python plugins with "${candidate}": it is ${implementation}, not CPython.`);
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === PYTHON_MINIMUM.major && minor >= PYTHON_MINIMUM.minor) return;
  throw failure(
    `Cannot run Python plugins with "${candidate}": it is Python ${version}, and 3.9 is the oldest that works.`,
  );
}

function failure(message: string, cause?: unknown): PaddockError {
  return new PaddockError("SETUP_FAILED", message, { hint: FIX, cause });
}
