import { open, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { ReadOnlyInput } from "../isolation/isolation.js";
import { libraryClosure } from "./library-closure.js";
import { distinctInputs, type Reach, reachableInputs } from "./reachable-input.js";
import { CODE_TARGET, type Program, type Runtime, type StoredCode, type Tool } from "./runtime.js";
import { findScriptInterpreter, type ScriptTools, SMALL_BASELINE } from "./script-interpreter.js";
import { readShebang, SHEBANG_MAX_BYTES } from "./shebang.js";

export interface ProgramRuntimeOptions extends Reach {
  readonly tools: ScriptTools;
}

/**
 * Runs any program that speaks the wire on its standard input and output: a compiled one of the bundle, which is the
 * only file of it that can be executed, or a script for an interpreter of the machine's.
 */
export function createProgramRuntime(options: ProgramRuntimeOptions): Runtime {
  return {
    kind: "program",
    async program(code): Promise<Program> {
      const file = join(code.directory, relative(CODE_TARGET, code.entry));
      const start = await readStart(code.manifest.id, file);
      const { tool, args } = start.subarray(0, 4).equals(ELF)
        ? { tool: await compiled(code, file, options), args: [] }
        : await script(code, start, options);
      return {
        program: tool.program,
        args,
        env: {},
        workingDirectory: CODE_TARGET,
        executables: tool.executables,
        inputs: [...tool.inputs, { source: code.directory, target: CODE_TARGET }],
        dataAliases: [`${CODE_TARGET}/data`],
        stdio: "wire",
        baseline: tool.baseline,
        entry: code.entry,
      };
    },
  };
}

const ELF = Buffer.from("\x7fELF", "latin1");
const ANY_EXECUTE = 0o111;

async function readStart(plugin: string, path: string): Promise<Buffer> {
  if (((await stat(path)).mode & ANY_EXECUTE) === 0) {
    throw new PaddockError("PLUGIN_INVALID", `Cannot load "${plugin}": its entry is not executable.`, {
      hint: "Set the mode bit: chmod +x on the file that runtime.entry names.",
    });
  }
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(SHEBANG_MAX_BYTES);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function compiled(code: StoredCode, file: string, reach: Reach): Promise<Tool> {
  const libraries = await findLibraries(code, file);
  const executable: ReadOnlyInput = { source: file, target: code.entry };
  return {
    program: code.entry,
    flags: [],
    // The store is reachable for every guest; the machine's libraries may not be.
    executables: [executable, ...(await reachableInputs(distinctInputs(libraries), reach))],
    inputs: [],
    baseline: SMALL_BASELINE,
  };
}

async function findLibraries(code: StoredCode, file: string): Promise<readonly ReadOnlyInput[]> {
  try {
    return await libraryClosure(file, { isHostile: true });
  } catch (cause) {
    const state = cause instanceof Error ? cause.message.replace(/^Cannot .*?": /, "") : "it cannot be read.";
    throw new PaddockError("PLUGIN_INVALID", `Cannot load "${code.manifest.id}": ${state}`, {
      hint: "Link the program statically, or with libraries that this machine has.",
      cause,
    });
  }
}

async function script(code: StoredCode, start: Buffer, { tools, ...reach }: ProgramRuntimeOptions) {
  const shebang = readShebang(start);
  if (shebang === undefined) {
    throw new PaddockError(
      "PLUGIN_INVALID",
      `Cannot load "${code.manifest.id}": its entry is neither a program for this machine nor a script.`,
      { hint: 'Begin a script with its interpreter, such as "#!/bin/sh".' },
    );
  }
  const tool = await findScriptInterpreter(code.manifest.id, shebang, tools, reach);
  return { tool, args: [...tool.flags, ...shebang.args, code.entry] };
}
