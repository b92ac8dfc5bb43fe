import { execFile } from "node:child_process";
import { cp, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PaddockError } from "@paddock/contract";
import { identityOf, nameFor } from "./cached-copy.js";
import { placeTree } from "./cached-tree.js";
import { PYTHON_FLAGS } from "./python-flags.js";

const COMPILE_TIMEOUT_MS = 60_000;

/** As published beside this file's folder; in a clone, where it is written. */
const PLACES = ["../python", "../../../../sdks/python"];

/** Compiles each file of a folder for this interpreter, under the names that guests see. */
const COMPILE_PROGRAM = `
import os, py_compile, sys
root, seen_as = sys.argv[1:]
for folder, _, files in os.walk(root):
    for name in files:
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            py_compile.compile(path, dfile=seen_as + path[len(root):], doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`;

/**
 * The Python package that serves the wire, compiled once for this interpreter, so that no guest spends its start
 * on that. Returns a directory that has the package `paddock` in it.
 */
export async function preparePythonSdk(
  python: string,
  seenAs: string,
  cacheDirectory: string,
): Promise<string> {
  const source = await findSdk();
  const key = nameFor([await identityOf(python), seenAs, ...(await contentOf(source))].join("\n"));
  const target = join(cacheDirectory, "python", key);
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  await placeTree(target, async (temporary) => {
    await cp(join(source, "paddock"), join(temporary, "paddock"), {
      recursive: true,
      filter: (path) => !path.endsWith("__pycache__"),
    });
    await promisify(execFile)(python, [...PYTHON_FLAGS, "-c", COMPILE_PROGRAM, temporary, seenAs], {
      env: {},
      cwd: "/",
      timeout: COMPILE_TIMEOUT_MS,
    });
  });
  return target;
}

async function findSdk(): Promise<string> {
  for (const place of PLACES) {
    const directory = fileURLToPath(new URL(place, import.meta.url));
    if ((await stat(join(directory, "paddock")).catch(() => undefined)) !== undefined) return directory;
  }
  throw new PaddockError(
    "SETUP_FAILED",
    "Cannot start Python plugins: the package that serves them is missing.",
    {
      hint: 'Install @paddock/host again; in a clone of Paddock, run "npm run build".',
    },
  );
}

/** Every file of it: a clone changes while it is worked on. */
async function contentOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(join(directory, "paddock"), { recursive: true });
  const files = names.filter((name) => name.endsWith(".py")).sort();
  return Promise.all(
    files.map(async (name) => `${name}\n${await readFile(join(directory, "paddock", name), "utf8")}`),
  );
}
