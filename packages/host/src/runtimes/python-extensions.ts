import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ReadOnlyInput } from "../isolation/isolation.js";
import { readElf } from "./elf.js";
import { libraryClosure } from "./library-closure.js";

/** Extensions that are of no use without a screen, a terminal or a network, and would bring many libraries. */
const LEFT_OUT = /^(_tkinter|_curses|_curses_panel|readline|nis|_dbm|_gdbm|_ctypes_test|_test\w*|xx\w*)\./;

/**
 * The libraries that the interpreter's own extension modules need, beside the modules themselves. A module whose
 * libraries this machine lacks is passed over: importing it fails, as it does outside.
 */
export async function extensionLibraries(
  directory: string,
  interpreter: string,
): Promise<readonly ReadOnlyInput[]> {
  const { interpreter: linker } = await readElf(interpreter);
  const names = await readdir(directory).catch(() => []);
  const modules = names.filter((name) => name.endsWith(".so") && !LEFT_OUT.test(name));
  const closures = await Promise.all(
    modules.map((name) => libraryClosure(join(directory, name), { hostLinker: linker }).catch(() => [])),
  );
  return closures.flat();
}
