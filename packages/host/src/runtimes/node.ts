import { createRequire } from "node:module";
import { PaddockError } from "@paddock/contract";
import type { Baseline, ReadOnlyInput } from "../isolation/isolation.js";
import { compiledGuest } from "./compiled-guest.js";
import { readElf } from "./elf.js";
import { libraryClosure } from "./library-closure.js";
import { gatherLibraries } from "./library-tree.js";
import { recallMeasurement } from "./measurement-cache.js";
import { measureNode } from "./node-baseline.js";
import { nodeFlags } from "./node-flags.js";
import { assertSupportedNode, findNode } from "./node-interpreter.js";
import { once } from "./once.js";
import { distinctInputs, type Reach, reachableInput, reachableInputs } from "./reachable-input.js";
import { CODE_TARGET, type Program, type Runtime, type Tool } from "./runtime.js";

export interface NodeRuntimeOptions extends Reach {
  /** The interpreter; the one that runs the host when absent. */
  readonly path?: string | undefined;
  /** The program that serves the wire inside the walls; the SDK's own when absent. */
  readonly guestEntry?: string | undefined;
  /** Interpreter flags that give good messages; the walls hold without them. On unless false. */
  readonly guards?: boolean | undefined;
}

/** The node runtime; its interpreter also runs the host's own tools behind walls. */
export interface NodeRuntime extends Runtime {
  readonly kind: "node";
  /** The interpreter as a program without flags or entry, able to load the given native modules. */
  tool(nativeModules: readonly ReadOnlyInput[]): Promise<Tool>;
}

const INTERPRETER = "/runtime/node";
const GUEST = "/paddock";

/**
 * Runs JavaScript with Node. Nothing is looked at until the first program is asked for; then interpreter,
 * libraries and baseline are found once and kept, so that later programs cost nothing.
 */
export function createNodeRuntime(options: NodeRuntimeOptions): NodeRuntime {
  const prepared = once(() => prepare(options));
  const guestEntry = once(() => prepareGuestEntry(options));
  return {
    kind: "node",
    async program({ directory, entry, memoryBytes }): Promise<Program> {
      const [{ interpreter, gathered, baseline }, guest] = await Promise.all([prepared(), guestEntry()]);
      return {
        program: interpreter,
        args: [...nodeFlags(memoryBytes, options.guards ?? true), guest.program],
        env: {},
        workingDirectory: CODE_TARGET,
        executables: gathered,
        inputs: [guest.input, { source: directory, target: CODE_TARGET }],
        dataAliases: [`${CODE_TARGET}/data`],
        baseline,
        entry,
      };
    },
    async tool(nativeModules): Promise<Tool> {
      const { interpreter, executables, baseline, linker } = await prepared();
      const more = await Promise.all(nativeModules.map((module) => nativeClosure(module, linker, options)));
      return {
        program: interpreter,
        flags: [],
        executables: distinctInputs([...executables, ...more.flat()]),
        inputs: [],
        baseline,
      };
    },
  };
}

interface Prepared {
  readonly interpreter: string;
  readonly executables: readonly ReadOnlyInput[];
  /** The same in fewer mounts, for programs that need no libraries beside these. */
  readonly gathered: readonly ReadOnlyInput[];
  readonly baseline: Baseline;
  readonly linker: string | undefined;
}

async function prepare(options: NodeRuntimeOptions): Promise<Prepared> {
  const path = await findNode(options.path);
  const { interpreter: linker } = await readElf(path);
  // Heap sizes change nothing that is counted before the heap fills: one measurement serves every plugin.
  const flags = nodeFlags(64 * 1024 ** 2, options.guards ?? true);
  const { report, baseline } = await recallMeasurement(path, flags, options.cacheDirectory, () =>
    measureNode(path, flags),
  );
  assertSupportedNode(path, report);
  const files = [{ source: path, target: INTERPRETER }, ...(await libraryClosure(path))];
  const executables = await reachableInputs(files, options);
  const gathered = await gatherLibraries(executables, options);
  return { interpreter: INTERPRETER, executables, gathered, baseline, linker };
}

interface GuestEntry {
  readonly input: ReadOnlyInput;
  /** Path inside the walls of what the interpreter runs. */
  readonly program: string;
}

async function prepareGuestEntry(options: NodeRuntimeOptions): Promise<GuestEntry> {
  const entry = options.guestEntry ?? findGuestEntry();
  const node = await findNode(options.path);
  const tree = await compiledGuest({ node, flags: nodeFlags(64 * 1024 ** 2, false), entry }, options);
  if (tree !== undefined) {
    return { input: { source: tree, target: GUEST }, program: `${GUEST}/guest-entry.cjs` };
  }
  // The extension tells Node the module's format, so that it neither guesses nor looks for a package.json.
  const target = `${GUEST}/guest-entry${entry.endsWith(".mjs") ? ".mjs" : ".cjs"}`;
  return { input: await reachableInput({ source: entry, target }, options), program: target };
}

function findGuestEntry(): string {
  try {
    return createRequire(import.meta.url).resolve("@paddock/sdk/guest-entry");
  } catch (cause) {
    throw new PaddockError(
      "SETUP_FAILED",
      "Cannot start plugins: the guest entry of @paddock/sdk is missing.",
      {
        hint: 'Install @paddock/sdk beside @paddock/host; in a clone of Paddock, run "npm run build".',
        cause,
      },
    );
  }
}

async function nativeClosure(
  module: ReadOnlyInput,
  linker: string | undefined,
  options: NodeRuntimeOptions,
): Promise<readonly ReadOnlyInput[]> {
  const libraries = await libraryClosure(module.source, { hostLinker: linker });
  return reachableInputs([module, ...libraries], options);
}
