import { chmod, lstat, mkdir, readFile, readlink, realpath, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { draftOf } from "../drafts.js";
import type { ReadOnlyInput, RootLink } from "../isolation/isolation.js";
import { libraryClosure } from "../runtimes/library-closure.js";
import type { FoundProgram } from "./find-program.js";

/** What a program finds beside its grants. */
export interface ExecRoot {
  readonly executables: readonly ReadOnlyInput[];
  readonly inputs: readonly ReadOnlyInput[];
  readonly links: readonly RootLink[];
  readonly env: Readonly<Record<string, string>>;
}

/** Folders of a distribution's own programs. Whatever lies elsewhere is mounted file by file. */
const TREES = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];
/** What programs look up there and everybody may read. */
const SETTINGS = ["/etc/ld.so.cache", "/etc/alternatives"];
/** Libraries that lie outside of the distribution's folders. */
const LIBRARIES = "/run/paddock/lib";

/** The only user and group that a guest can be, and nothing of the host's. */
const SYNTHETIC = {
  passwd: "guest:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
  group: "guest:x:1000:\nnogroup:x:65534:\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
} as const;

/** One binary from elsewhere that starts nothing needs nothing but itself and its libraries. */
export async function programRoot({ path, file }: FoundProgram): Promise<ExecRoot> {
  const executables = [{ source: file, target: path }, ...(await libraryClosure(file))];
  return { executables, inputs: [], links: [], env: {} };
}

/** The distribution's programs, read-only, and the named one wherever it lies. */
export async function systemRoot(
  programs: readonly FoundProgram[],
  cacheDirectory: string,
): Promise<ExecRoot> {
  const [trees, links] = await readTrees();
  const extra = new Map<string, ReadOnlyInput>();
  for (const { path, file, interpreter } of programs) {
    if (!isInTree(path) || !isInTree(file)) extra.set(path, { source: file, target: path });
    if (interpreter !== undefined || isInTree(file)) continue;
    for (const library of await standardLibrary(file)) extra.set(library.target, library);
    for (const library of await libraryClosure(file)) {
      if (isInTree(library.source)) continue;
      const target = join(LIBRARIES, basename(library.target));
      extra.set(target, { source: library.source, target });
    }
  }
  const settings = await existing(SETTINGS);
  const hasLibraries = [...extra.keys()].some((target) => target.startsWith(LIBRARIES));
  return {
    executables: [...trees, ...extra.values()],
    inputs: [...settings, ...(await syntheticFiles(cacheDirectory))],
    links,
    env: hasLibraries ? { LD_LIBRARY_PATH: LIBRARIES } : {},
  };
}

/** Of a Python that lies elsewhere, which finds it beside itself. */
async function standardLibrary(file: string): Promise<readonly ReadOnlyInput[]> {
  const version = /^python(\d+\.\d+)$/.exec(basename(file))?.[1];
  if (version === undefined) return [];
  const folder = join(dirname(dirname(file)), "lib", `python${version}`);
  return (await existing([join(folder, "os.py")])).length === 0 ? [] : [{ source: folder, target: folder }];
}

export function isInTree(path: string): boolean {
  return TREES.some((tree) => path.startsWith(`${tree}/`));
}

async function readTrees(): Promise<readonly [readonly ReadOnlyInput[], readonly RootLink[]]> {
  const trees: ReadOnlyInput[] = [];
  const links: RootLink[] = [];
  for (const path of TREES) {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink()) links.push({ target: path, to: await readlink(path) });
    else if (found?.isDirectory()) trees.push({ source: path, target: path });
  }
  return [trees, links];
}

async function existing(paths: readonly string[]): Promise<readonly ReadOnlyInput[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const source = await realpath(path).catch(() => undefined);
      return source === undefined || (await stat(source).catch(() => undefined)) === undefined
        ? []
        : [{ source, target: path }];
    }),
  );
  return found.flat();
}

async function syntheticFiles(cacheDirectory: string): Promise<readonly ReadOnlyInput[]> {
  const folder = join(cacheDirectory, "exec");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return Promise.all(
    Object.entries(SYNTHETIC).map(async ([name, text]) => {
      const source = join(folder, name);
      if ((await readFile(source, "utf8").catch(() => undefined)) !== text) await place(source, text);
      return { source, target: `/etc/${name}` };
    }),
  );
}

/** Whole or not at all: another host may be reading it. Readable whatever the umask is. */
async function place(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  await writeFile(draft, text, { flag: "wx" });
  await chmod(draft, 0o444);
  await rename(draft, path);
}
