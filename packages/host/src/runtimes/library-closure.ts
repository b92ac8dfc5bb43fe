import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PaddockError } from "@paddock/contract";
import type { ReadOnlyInput } from "../isolation/isolation.js";
import { type ElfFile, type ElfMachine, readElf } from "./elf.js";
import { isMusl, type LibraryPath, readLibraryPath } from "./library-path.js";

/** More libraries than any interpreter needs; a hostile file could name them without end. */
export const LIBRARY_CLOSURE_MAX = 512;

/** Names that musl's linker answers itself (ldso/dynlink.c, `load_library`). */
const MUSL_OWN = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;

export interface ClosureOptions {
  /** The dynamic linker of the program that loads a native module. */
  readonly hostLinker?: string | undefined;
  /**
   * A file that is not the machine's own may name only what every program of the machine finds: otherwise its
   * search paths would choose files of the host's for it.
   */
  readonly isHostile?: boolean;
}

/**
 * The dynamic linker and every library that `binary` loads at start: each real file with the path under which
 * the linker finds it in a root that has no /etc/ld.so.cache and no environment. Nothing is executed.
 * Rejects with SETUP_FAILED when the file is no program or a library is missing.
 */
export async function libraryClosure(
  binary: string,
  { hostLinker, isHostile = false }: ClosureOptions = {},
): Promise<readonly ReadOnlyInput[]> {
  const found = await readElf(binary);
  const elf = isHostile ? withoutPaths(binary, found) : found;
  const interpreter = elf.interpreter ?? hostLinker;
  // A static program needs nothing.
  if (interpreter === undefined) return [];
  await readElf(interpreter);
  const path = await readLibraryPath(interpreter, elf.machine);
  const closure = new Map<string, ReadOnlyInput>();
  if (elf.interpreter !== undefined)
    closure.set(basename(interpreter), await input(interpreter, interpreter));
  const queue: Loaded[] = [{ path: await realpath(binary), elf, inherited: [] }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const name of next.elf.needed) {
      if (closure.has(basename(name)) || isOwnName(name, interpreter)) continue;
      const found = await findLibrary(name, next, path, elf.machine);
      if (closure.size >= LIBRARY_CLOSURE_MAX) throw new PaddockError("SETUP_FAILED", tooMany(binary));
      closure.set(basename(name), await input(found.path, targetOf(name, found.path, path)));
      queue.push(found);
    }
  }
  return [...closure.values()];
}

/** Where the dynamic linkers of glibc and musl lie, for every machine that guests run on. */
const LINKER =
  /^\/lib(?:64)?\/ld-(?:linux-x86-64\.so\.2|linux-aarch64\.so\.1|musl-(?:x86_64|aarch64)\.so\.1)$/;

function withoutPaths(binary: string, elf: ElfFile): ElfFile {
  const odd = elf.needed.find((name) => name.includes("/"));
  if (odd === undefined && (elf.interpreter === undefined || LINKER.test(elf.interpreter))) {
    return { ...elf, rpath: [], runpath: [] };
  }
  const named = odd ?? elf.interpreter;
  throw new PaddockError("SETUP_FAILED", `Cannot start "${binary}": it names "${named}" by its path.`, {
    hint: "Link it statically, or with the machine's own dynamic linker and libraries.",
  });
}

interface Loaded {
  readonly path: string;
  readonly elf: ElfFile;
  /** RPATH directories of everything that led here; RUNPATH is not inherited (ld.so(8)). */
  readonly inherited: readonly string[];
}

async function findLibrary(
  name: string,
  loader: Loaded,
  path: LibraryPath,
  machine: ElfMachine,
): Promise<Loaded> {
  const origin = dirname(loader.path);
  const own = loader.elf.runpath.length > 0 ? [] : expand(loader.elf.rpath, origin);
  const inherited = [...own, ...loader.inherited];
  const before = loader.elf.runpath.length > 0 ? expand(loader.elf.runpath, origin) : inherited;
  const directories = name.includes("/") ? [""] : [...before, ...path.configured, ...path.builtIn];
  for (const directory of directories) {
    const candidate = directory === "" ? name : join(directory, name);
    // The linker passes over files of another kind or machine, and so do we.
    const elf = candidate.startsWith("/") ? await readElf(candidate).catch(() => undefined) : undefined;
    if (elf?.machine === machine) return { path: candidate, elf, inherited };
  }
  throw new PaddockError("SETUP_FAILED", `Cannot start "${loader.path}": its library "${name}" is missing.`, {
    hint: `Install the package that has ${name}, or choose another interpreter.`,
  });
}

/**
 * Libraries found elsewhere move to a built-in directory: without /proc the linker cannot tell what `$ORIGIN`
 * of the program is, and without the cache it does not know the configured directories.
 */
function targetOf(name: string, found: string, path: LibraryPath): string {
  if (name.includes("/") || path.builtIn.includes(dirname(found))) return found;
  return join(path.builtIn[0] ?? "/lib", name);
}

function expand(directories: readonly string[], origin: string): readonly string[] {
  return directories
    .map((directory) => directory.replace(/\$ORIGIN|\$\{ORIGIN\}/g, () => origin))
    .filter((directory) => directory.startsWith("/") && !directory.includes("$"));
}

function isOwnName(name: string, interpreter: string): boolean {
  return name === basename(interpreter) || (isMusl(interpreter) && MUSL_OWN.test(name));
}

async function input(found: string, target: string): Promise<ReadOnlyInput> {
  return { source: await realpath(found), target };
}

function tooMany(binary: string): string {
  return `Cannot start "${binary}": it needs more than ${LIBRARY_CLOSURE_MAX} libraries.`;
}
