import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "../../packages/host/src/runtimes/python-interpreter.js";
import { GuestProcess } from "../conformance/vectors/guest-process.js";

const SDK = fileURLToPath(new URL("../../sdks/python", import.meta.url));
const START = `import sys;sys.path.append(${JSON.stringify(SDK)});from paddock._guest.entry import main;main(sys.argv[1])`;

export interface PythonPlugin {
  /** The entry, `main.py`. */
  readonly main: string;
  /** Further files by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** Actions that the manifest would name. */
  readonly actions?: readonly string[];
  readonly imports?: readonly string[];
  readonly entry?: string;
}

/** Starts guests of the Python package as plain processes, without walls. */
export async function createPythonWorkshop() {
  const home = mkdtempSync(join(tmpdir(), "paddock-python-guest-"));
  const { path } = await findPython(process.env.PADDOCK_TEST_PYTHON, join(home, "cache"));
  let count = 0;
  return {
    python: path,
    /** A guest that waits for `initialize`, and the path to name there. */
    launch(plugin: PythonPlugin): { readonly guest: GuestProcess; readonly entry: string } {
      count += 1;
      const root = join(home, `plugin-${count}`);
      for (const [name, text] of Object.entries({ "main.py": plugin.main, ...plugin.files })) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        writeFileSync(join(root, name), text);
      }
      const told = JSON.stringify({ root, actions: plugin.actions ?? [], imports: plugin.imports });
      const guest = new GuestProcess(path, ["-I", "-S", "-B", "-c", START, told], root);
      return { guest, entry: join(root, plugin.entry ?? "main.py") };
    },
    /** A guest that has answered `initialize` with success. */
    async start(plugin: PythonPlugin, more: object = {}): Promise<GuestProcess> {
      const { guest, entry } = this.launch(plugin);
      const reply = await guest.initialize(entry, more);
      if (!Object.hasOwn(Object(reply), "result")) throw new Error(JSON.stringify(reply));
      return guest;
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}

export type PythonWorkshop = Awaited<ReturnType<typeof createPythonWorkshop>>;
