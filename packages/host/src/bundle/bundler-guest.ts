/**
 * The bundler inside its walls. It reads one JSON line with instructions from descriptor 3, bundles, and answers
 * with one JSON line and the raw bytes that the line announces. It runs as a file of its own: nothing of ours is
 * beside it there, so it imports only Node's and rolldown's.
 */
import { closeSync, readSync, writeSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type OutputChunk, type Plugin, type RolldownLog, rolldown } from "rolldown";

/** What the host asks. Paths are those inside the walls. */
export interface BundlerInstructions {
  readonly entry: string;
  /** Where the output will stand; paths in the source map are relative to it. */
  readonly outputDirectory: string;
  /** The author's files; everything else is somebody else's package. */
  readonly tree: string;
  /** Where the plugin's folder stands; the tree and its own packages are below it. */
  readonly folder: string;
  /** A file beside which the host's own packages are found. */
  readonly hostImporter: string;
  /** A file beside which these packages are found: links to them lead nowhere in here. */
  readonly linkedImporter: string;
  readonly linkedPackages: readonly string[];
}

/** The line that goes before the bytes. */
export type BundlerAnswer =
  | {
      readonly kind: "bundled";
      readonly files: readonly { readonly name: string; readonly bytes: number }[];
      /** Every file that was read as a module. */
      readonly inputs: readonly string[];
    }
  | { readonly kind: "failed"; readonly problems: readonly BundlerProblem[] };

/** Line and column count from 1. */
export interface BundlerProblem {
  readonly code: string;
  readonly message: string;
  /** What could not be resolved, when that is the problem. */
  readonly specifier?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

const CHANNEL = 3;
const MAX_PROBLEMS = 20;
const MODULE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;

class Problems extends Error {
  readonly errors: readonly Partial<RolldownLog>[];
  constructor(errors: readonly Partial<RolldownLog>[]) {
    super("The bundle has problems");
    this.errors = errors;
  }
}

const answer = await bundle(readInstructions()).catch((error: unknown) => ({
  header: { kind: "failed", problems: problemsOf(error) } satisfies BundlerAnswer,
  contents: [],
}));
writeAll(Buffer.from(`${JSON.stringify(answer.header)}\n`));
for (const content of answer.contents) writeAll(content);
closeSync(CHANNEL);
// The native bundler keeps threads of its own.
process.exit(0);

async function bundle(instructions: BundlerInstructions) {
  const unresolved: RolldownLog[] = [];
  const build = await rolldown({
    input: { main: instructions.entry },
    platform: "node",
    // A plugin may stand anywhere: what its code means must not hang on a tsconfig.json somewhere above.
    tsconfig: false,
    onLog: (_level, log) => {
      if (log.code === "UNRESOLVED_IMPORT" && unresolved.length < MAX_PROBLEMS) unresolved.push(log);
    },
    // No comments with paths in the output: it would depend on where the folder lies, and tell the guest.
    experimental: { attachDebugInfo: "none" },
    plugins: [redirectTo(instructions), takeModulesOnly(instructions)],
  });
  const { output } = await build.generate({
    dir: instructions.outputDirectory,
    format: "esm",
    codeSplitting: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    sourcemapPathTransform: (source, map) => toSourcePath(resolve(dirname(map), source), instructions.tree),
    entryFileNames: "main.mjs",
  });
  assertResolved(output[0], unresolved);
  return toAnswer(output[0], await build.watchFiles);
}

/** The SDK is the host's: a plugin can neither bring a changed one nor forget it. */
function redirectTo(instructions: BundlerInstructions): Plugin {
  const linked = new Set(instructions.linkedPackages);
  const importers = [instructions.hostImporter, instructions.linkedImporter];
  return {
    name: "redirect",
    resolveId: {
      filter: { id: linked.size === 0 ? /^@paddock\/sdk(?:$|\/)/ : /^[^./\0]/ },
      handler(id, importer) {
        if (importer === undefined || importers.includes(importer)) return undefined;
        const name = id.split("/", id.startsWith("@") ? 2 : 1).join("/");
        if (name === "@paddock/sdk") return this.resolve(id, instructions.hostImporter, { skipSelf: true });
        if (!linked.has(name) || !importer.startsWith(`${instructions.tree}/`)) return undefined;
        return this.resolve(id, instructions.linkedImporter, { skipSelf: true });
      },
    },
  };
}

/** Other people's folders also hold what is none of a plugin's: `.env`, keys, notes. */
function takeModulesOnly({ folder }: BundlerInstructions): Plugin {
  return {
    name: "modules-only",
    load: {
      filter: { id: { exclude: MODULE } },
      handler(id) {
        if (!id.startsWith("/") || id.startsWith(`${folder}/`)) return undefined;
        const message =
          "only modules (.js, .ts, .json and their kin) are taken from outside of the plugin's folder";
        return this.error({ id, message });
      },
    },
  };
}

/** "../src/main.ts" for the author's files, "../node_modules/x/index.js" for packages; nothing of the host's. */
function toSourcePath(path: string, tree: string): string {
  if (path.startsWith(`${tree}/`)) return `..${path.slice(tree.length)}`;
  const [, inPackage] = /^.*\/node_modules\/(.*)$/.exec(path) ?? [];
  return inPackage === undefined ? `../linked/${basename(path)}` : `../node_modules/${inPackage}`;
}

/** Nothing can be installed later: what is not found now is never found. */
function assertResolved(chunk: OutputChunk, unresolved: readonly RolldownLog[]): void {
  // Libraries import optional parts while they run and cope without; they may.
  const isOptional = (log: RolldownLog) =>
    log.id?.includes("/node_modules/") === true &&
    chunk.dynamicImports.includes(log.exporter ?? "") &&
    !chunk.imports.includes(log.exporter ?? "");
  const problems: Partial<RolldownLog>[] = unresolved.filter((log) => !isOptional(log));
  const known = new Set(unresolved.map((log) => log.exporter));
  for (const id of chunk.imports) {
    if (isBuiltin(id) || known.has(id)) continue;
    problems.push({ code: "UNRESOLVED_IMPORT", message: `Could not resolve '${id}'`, exporter: id });
  }
  if (problems.length > 0) throw new Problems(problems);
}

function toAnswer(chunk: OutputChunk, inputs: readonly string[]) {
  const files = [
    { name: "main.mjs", content: Buffer.from(chunk.code) },
    { name: "main.mjs.map", content: Buffer.from(chunk.map?.toString() ?? "{}") },
  ];
  const header: BundlerAnswer = {
    kind: "bundled",
    files: files.map(({ name, content }) => ({ name, bytes: content.length })),
    inputs,
  };
  return { header, contents: files.map((file) => file.content) };
}

function problemsOf(error: unknown): readonly BundlerProblem[] {
  // Rolldown throws one error that lists the real ones.
  const list: readonly unknown[] =
    error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  return list.slice(0, MAX_PROBLEMS).map((each) => toProblem(each as Partial<RolldownLog> | undefined));
}

function toProblem(log: Partial<RolldownLog> | undefined): BundlerProblem {
  const text = stripVTControlCharacters(String(log?.message ?? log)).split("\n", 1)[0] ?? "";
  const message = text.replace(/^\[[A-Z_]+\] /, "");
  const isUnresolved = log?.code === "UNRESOLVED_IMPORT";
  const specifier = isUnresolved
    ? (log.exporter ?? /^Could not resolve '([^']*)'/.exec(message)?.[1])
    : undefined;
  const file = log?.loc?.file ?? log?.id;
  return {
    code: log?.code ?? "ERROR",
    message,
    ...(specifier === undefined ? {} : { specifier }),
    ...(file === undefined ? {} : { file }),
    ...(log?.loc === undefined ? {} : { line: log.loc.line, column: log.loc.column + 1 }),
  };
}

function readInstructions(): BundlerInstructions {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  for (;;) {
    const count = readSync(CHANNEL, buffer);
    chunks.push(Buffer.from(buffer.subarray(0, count)));
    if (count === 0 || buffer.subarray(0, count).includes(0x0a)) break;
  }
  // Safe: the host writes this line.
  return JSON.parse(Buffer.concat(chunks).toString()) as BundlerInstructions;
}

function writeAll(content: Buffer): void {
  for (let sent = 0; sent < content.length; ) sent += writeSync(CHANNEL, content, sent);
}
