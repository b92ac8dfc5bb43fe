import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { ElfMachine } from "./elf.js";

/** Where one machine's dynamic linker looks, in its order. */
export interface LibraryPath {
  /** From /etc/ld.so.conf: these reach a program only through /etc/ld.so.cache, which no guest gets. */
  readonly configured: readonly string[];
  /** Built into the dynamic linker: looked at even without the cache. Never empty. */
  readonly builtIn: readonly string[];
}

/** Bounds on configuration that includes itself. */
export const LD_CONF_MAX_FILES = 256;

const CONFIGURATION = "/etc/ld.so.conf";

/** Every directory that a distribution's glibc is known to have built in (`SYSTEM_DIRS`). */
const KNOWN: Readonly<Record<ElfMachine, readonly string[]>> = {
  "x86-64": [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
  ],
  arm64: ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"],
};

/** musl's own (ldso/dynlink.c), where /etc/ld-musl-ARCH.path does not say otherwise. */
const MUSL_BUILT_IN = ["/lib", "/usr/local/lib", "/usr/lib"] as const;

/** The library path of the dynamic linker at `interpreter`. */
export async function readLibraryPath(interpreter: string, machine: ElfMachine): Promise<LibraryPath> {
  if (isMusl(interpreter)) return { configured: await readMuslPath(interpreter), builtIn: MUSL_BUILT_IN };
  return {
    configured: await readConfiguration(),
    builtIn: await readBuiltIn(interpreter, machine),
  };
}

/** True for musl's linker, which is its own libc and ignores libraries by that name. */
export function isMusl(interpreter: string): boolean {
  return /\/ld-musl-[^/]*$/.test(interpreter);
}

/** glibc keeps its directories as NUL-terminated text with a final slash: the file itself is the authority. */
async function readBuiltIn(interpreter: string, machine: ElfMachine): Promise<readonly string[]> {
  const linker = await readFile(interpreter);
  const found = KNOWN[machine].filter((directory) => linker.includes(`\0${directory}/\0`));
  return found.length > 0 ? found : [dirname(interpreter), ...KNOWN[machine]];
}

async function readMuslPath(interpreter: string): Promise<readonly string[]> {
  const architecture = /ld-musl-(.*?)\.so/.exec(interpreter)?.[1] ?? "";
  const text = await readOptional(`/etc/ld-musl-${architecture}.path`);
  return text.split(/[:\n]/).filter((directory) => directory.startsWith("/"));
}

async function readConfiguration(): Promise<readonly string[]> {
  const directories = new Set<string>();
  const files = [CONFIGURATION];
  for (let index = 0; index < files.length && index < LD_CONF_MAX_FILES; index += 1) {
    const file = files[index] ?? CONFIGURATION;
    for (const line of (await readOptional(file)).split("\n")) {
      const text = line.replace(/#.*/, "").trim();
      const include = /^include\s+(.+)$/.exec(text)?.[1];
      if (include !== undefined) files.push(...(await expand(resolve(dirname(file), include))));
      else if (text.startsWith("/")) directories.add(text);
    }
  }
  return [...directories];
}

/** The files of one `include` line, which may have `*` in its last part only. */
async function expand(pattern: string): Promise<readonly string[]> {
  const directory = dirname(pattern);
  const names = await readdir(directory).catch(() => []);
  const [before = "", ...after] = basename(pattern).split("*");
  const end = after.at(-1);
  return names
    .filter((name) => (end === undefined ? name === before : name.startsWith(before) && name.endsWith(end)))
    .sort()
    .map((name) => join(directory, name));
}

async function readOptional(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
