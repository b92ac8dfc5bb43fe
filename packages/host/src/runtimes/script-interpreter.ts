import { execFile } from "node:child_process";
import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PaddockError } from "@paddock/contract";
import type { Baseline, ReadOnlyInput } from "../isolation/isolation.js";
import { libraryClosure } from "./library-closure.js";
import { distinctInputs, type Reach, reachableInputs } from "./reachable-input.js";
import type { Tool } from "./runtime.js";
import type { Shebang } from "./shebang.js";

/** Tools of other runtimes, for scripts in their languages. */
export interface ScriptTools {
  readonly python: () => Promise<Tool>;
  readonly node: () => Promise<Tool>;
}

/** What a small program needs of the limits for itself: its libraries' data and a stack. */
export const SMALL_BASELINE: Baseline = { dataBytes: 16 * 1024 ** 2, threads: 1, files: 8 };

/** Where the machine's own interpreters are: never in the plugin's folder, nor where `$PATH` says. */
const DIRECTORIES = ["/usr/bin", "/bin", "/usr/local/bin"];

const PERL_TIMEOUT_MS = 10_000;

/** Interpreters that need no more than their libraries. */
const SHELLS = ["sh", "dash", "bash", "ksh", "zsh", "awk", "gawk", "mawk", "lua", "sed"];

/**
 * The machine's interpreter for a script: chosen by the name that the script gives, from what the host knows. Rejects
 * with PLUGIN_INVALID when it knows no such name, SETUP_FAILED when this machine has none.
 */
export async function findScriptInterpreter(
  plugin: string,
  { name, path }: Shebang,
  tools: ScriptTools,
  reach: Reach,
): Promise<Tool> {
  if (/^python(?:3(?:\.\d+)?)?$/.test(name)) return tools.python();
  if (name === "node" || name === "nodejs") return tools.node();
  if (name === "perl") return perl(await findProgram(plugin, name, path), reach);
  if (SHELLS.includes(name)) return plain(await findProgram(plugin, name, path), reach);
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot load "${plugin}": its entry is a script for "${name.slice(0, 64)}".`,
    { hint: `A script may be for ${[...SHELLS, "perl", "python3", "node"].join(", ")}.` },
  );
}

async function findProgram(plugin: string, name: string, path: string | undefined): Promise<string> {
  for (const directory of DIRECTORIES) {
    const candidate = join(directory, name);
    if (path !== undefined && path !== candidate) continue;
    if ((await stat(candidate).catch(() => undefined))?.isFile() === true) return realpath(candidate);
  }
  throw new PaddockError(
    "SETUP_FAILED",
    `Cannot run "${plugin}": this machine has no ${path ?? name}, which its entry is written for.`,
    { hint: `Install it in ${DIRECTORIES.join(", ")}.` },
  );
}

const TARGET = "/runtime/bin/interpreter";

async function plain(source: string, reach: Reach, more: readonly ReadOnlyInput[] = []): Promise<Tool> {
  const files = distinctInputs([{ source, target: TARGET }, ...(await libraryClosure(source))]);
  return {
    program: TARGET,
    flags: [],
    executables: [...(await reachableInputs(files, reach)), ...more],
    inputs: [],
    baseline: SMALL_BASELINE,
  };
}

/** Perl without its library cannot even `use strict`: the folders that it names itself come along. */
async function perl(source: string, reach: Reach): Promise<Tool> {
  const { stdout } = await promisify(execFile)(source, ["-e", 'print join "\\n", @INC'], {
    env: {},
    cwd: "/",
    timeout: PERL_TIMEOUT_MS,
  });
  const named = stdout.split("\n").filter((each) => /^\/usr\/(?!local\/)./.test(each));
  const found = await Promise.all(
    named.map(async (each) => ((await stat(each).catch(() => undefined))?.isDirectory() ? [each] : [])),
  );
  const folders = [...new Set(found.flat())];
  // Modules of compiled code lie among the others.
  return plain(
    source,
    reach,
    folders.map((folder) => ({ source: folder, target: folder })),
  );
}
