import { readFile, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PaddockError } from "@paddock/contract";
import type { ReadOnlyInput } from "../isolation/isolation.js";
import { sha256Of } from "./digest.js";

/** What the bundler itself is made of, inside its walls. */
export interface BundlerFiles {
  /** Path of the program inside. */
  readonly script: string;
  /** The bundler's native part: the only file of it that may be mapped as code. */
  readonly native: ReadOnlyInput;
  readonly inputs: readonly ReadOnlyInput[];
  /** Tells apart whatever else shapes the output. */
  readonly version: string;
}

const HOME = "/bundler";
export const BUNDLER_NATIVE = `${HOME}/rolldown.node`;

/** Packages that the bundler or the plugins' code is given from the host's own installation. */
const PACKAGES = ["rolldown", "@rolldown/pluginutils", "@paddock/sdk"] as const;

/** Finds the bundler where it is installed. Rejects with SETUP_FAILED when a part of it is missing. */
export async function findBundlerFiles(): Promise<BundlerFiles> {
  const packages = await Promise.all(PACKAGES.map(findPackage));
  const rolldown = packages[0] ?? missing("rolldown");
  const native = await findNative(rolldown.directory);
  const script = findScript();
  await assertReadable(script);
  // The extension decides whether Node strips types, as it must when the host itself runs from its sources.
  const target = `${HOME}/bundler-guest.${script.endsWith(".ts") ? "mts" : "mjs"}`;
  return {
    script: target,
    native: { source: native, target: BUNDLER_NATIVE },
    inputs: [
      { source: script, target },
      ...packages.map(({ name, directory }) => ({
        source: directory,
        target: `${HOME}/node_modules/${name}`,
      })),
    ],
    version: [
      sha256Of(await readFile(script)),
      ...packages.map(({ name, version }) => `${name}@${version}`),
    ].join(" "),
  };
}

/** Under a host that is root the bundler has a user of its own, like every guest. */
async function assertReadable(script: string): Promise<void> {
  if (process.getuid?.() !== 0 || ((await stat(script)).mode & OTHERS_READ) !== 0) return;
  const message = "Cannot bundle plugins: only root may read the host's packages, and guests are not root.";
  throw new PaddockError("SETUP_FAILED", message, {
    hint: 'They were installed under a strict umask: run "chmod -R o+rX" on the node_modules and packages folders.',
  });
}

const OTHERS_READ = 0o004;

interface FoundPackage {
  readonly name: string;
  readonly directory: string;
  readonly version: string;
}

async function findPackage(name: string): Promise<FoundPackage> {
  // Not import.meta.resolve: a package need not export the file that we look for.
  for (const modules of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const directory = await realpath(join(modules, name)).catch(() => undefined);
    if (directory === undefined) continue;
    const { version } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
    return { name, directory, version: String(version) };
  }
  return missing(name);
}

/** As rolldown's own loader decides it, on Linux. */
async function findNative(rolldown: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const require = createRequire(join(rolldown, "package.json"));
  for (const name of [`${platform}-gnu`, `${platform}-musl`]) {
    try {
      return await realpath(require.resolve(`@rolldown/binding-${name}`));
    } catch {
      // The other C library's, then.
    }
  }
  return missing(`@rolldown/binding-${platform}`);
}

function findScript(): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(here), here.endsWith(".ts") ? "bundler-guest.ts" : "bundler-guest.js");
}

function missing(name: string): never {
  throw new PaddockError("SETUP_FAILED", `Cannot bundle plugins: the package "${name}" is not installed.`, {
    hint: 'Install @paddock/host again with its optional dependencies ("npm install --include=optional").',
  });
}
