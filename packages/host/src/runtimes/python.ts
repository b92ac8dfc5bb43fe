import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { reachableTree } from "./cached-tree.js";
import { libraryClosure } from "./library-closure.js";
import { once } from "./once.js";
import { extensionLibraries } from "./python-extensions.js";
import { PYTHON_FLAGS } from "./python-flags.js";
import { findPython, type PythonInterpreter } from "./python-interpreter.js";
import { preparePythonSdk } from "./python-sdk.js";
import { distinctInputs, type Reach, reachableInputs } from "./reachable-input.js";
import { CODE_TARGET, type Program, type Runtime, type StoredCode, type Tool } from "./runtime.js";

export interface PythonRuntimeOptions extends Reach {
  /** The interpreter; the first on PATH that can when absent. */
  readonly path?: string | undefined;
}

/** Python finds its library by looking for `lib/pythonX.Y` above its own program. */
const PREFIX = "/runtime";
const INTERPRETER = `${PREFIX}/bin/python3`;
const SDK = "/paddock";

/** Stacks of the threads that serve plain functions (`workers.py`): memory that is counted, used or not. */
const THREAD_STACK_BYTES = 16 * 3 * 1024 ** 2;

const START = `import sys;sys.path.append("${SDK}");from paddock._guest.entry import main;main(sys.argv[1])`;

/** Folders of the library that hold packages of the machine's: a guest gets the standard library only. */
const PACKAGE_FOLDERS = ["site-packages", "dist-packages"];
const NOT_WORTH_COPYING: ReadonlySet<string> = new Set([...PACKAGE_FOLDERS, "test", "idlelib", "ensurepip"]);

/** The python runtime; its interpreter also runs scripts that speak the wire by themselves. */
export interface PythonRuntime extends Runtime {
  readonly kind: "python";
  tool(): Promise<Tool>;
}

/**
 * Runs Python with the host's CPython: its program, its standard library and what its extension modules need, all
 * read-only. Nothing is looked at until the first program is asked for; then everything is found once and kept.
 */
export function createPythonRuntime(options: PythonRuntimeOptions): PythonRuntime {
  const prepared = once(() => prepare(options));
  return {
    kind: "python",
    async program(code): Promise<Program> {
      assertPython(code);
      const { program, flags, baseline, executables, inputs } = await prepared();
      return {
        program,
        args: [...flags, "-c", START, toldToGuest(code)],
        env: {},
        workingDirectory: CODE_TARGET,
        executables,
        inputs: [...inputs, { source: code.directory, target: CODE_TARGET }],
        dataAliases: [`${CODE_TARGET}/data`],
        baseline,
        entry: code.entry,
      };
    },
    tool: prepared,
  };
}

function assertPython({ entry, manifest }: StoredCode): void {
  if (entry.endsWith(".py")) return;
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot load "${manifest.id}": its entry "${basename(entry)}" is not a .py file.`,
    { hint: "Name the plugin's first Python file in runtime.entry." },
  );
}

/** What the guest cannot know by itself: an older plugin has one function for all actions. */
function toldToGuest({ manifest }: StoredCode): string {
  return JSON.stringify({
    root: CODE_TARGET,
    actions: Object.keys(manifest.actions),
    imports: manifest.runtime.imports,
  });
}

async function prepare(options: PythonRuntimeOptions): Promise<Tool> {
  const python = await findPython(options.path, options.cacheDirectory);
  const extensions = join(python.standardLibrary, "lib-dynload");
  const [libraries, more, sdk, standard] = await Promise.all([
    libraryClosure(python.path),
    extensionLibraries(extensions, python.path),
    preparePythonSdk(python.path, SDK, options.cacheDirectory),
    libraryInputs(python, options),
  ]);
  const program = { source: python.path, target: INTERPRETER };
  const files = distinctInputs([program, ...libraries, ...more]);
  return {
    program: INTERPRETER,
    flags: PYTHON_FLAGS,
    executables: [...(await reachableInputs(files, options)), ...standard.executables],
    inputs: [...standard.inputs, { source: sdk, target: SDK }],
    baseline: { ...python.baseline, dataBytes: python.baseline.dataBytes + THREAD_STACK_BYTES },
  };
}

/** The standard library, its extension modules executable, the machine's own packages covered. */
async function libraryInputs(python: PythonInterpreter, options: PythonRuntimeOptions) {
  const target = `${PREFIX}/${python.platformFolder}/python${python.version}`;
  const source = await reachableTree(python.standardLibrary, options, (name) => NOT_WORTH_COPYING.has(name));
  const empty = join(options.cacheDirectory, "empty");
  await mkdir(empty, { recursive: true, mode: 0o755 });
  const covered = await Promise.all(
    PACKAGE_FOLDERS.map(async (name) => ((await isFolder(join(source, name))) ? [name] : [])),
  );
  const hasExtensions = await isFolder(join(source, "lib-dynload"));
  return {
    inputs: [
      { source, target },
      ...covered.flat().map((name) => ({ source: empty, target: `${target}/${name}` })),
    ],
    executables: hasExtensions
      ? [{ source: join(source, "lib-dynload"), target: `${target}/lib-dynload` }]
      : [],
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
