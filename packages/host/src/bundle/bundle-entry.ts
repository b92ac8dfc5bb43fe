import { join } from "node:path";
import { isPaddockError, type Limits, PaddockError } from "@paddock/contract";
import type { GuestProcess, Isolation, LaunchSpec, ReadOnlyInput } from "../isolation/isolation.js";
import type { NodeRuntime } from "../runtimes/node.js";
import { toBundleError } from "./bundle-problem.js";
import type { BundlerInstructions } from "./bundler-guest.js";
import { BUNDLER_NATIVE, type BundlerFiles } from "./bundler-inputs.js";
import { type BundlerReply, readBundlerReply } from "./bundler-reply.js";
import { RESERVED_AT_TOP } from "./folder-bounds.js";
import type { LinkedPackages } from "./linked-packages.js";

/** What a bundler may use: generous, because it serves the host, and bounded, because its input is hostile. */
export const BUNDLER_LIMITS: Limits = {
  memoryBytes: 1024 ** 3,
  cpuCores: 2,
  cpuTimeMs: 60_000,
  timeoutMs: 30_000,
  startTimeoutMs: 10_000,
  diskBytes: 0,
  scratchBytes: 16 * 1024 ** 2,
  inodes: 1_000,
  processes: 1,
  threads: 64,
  files: 1_024,
  messageBytes: 64 * 1024,
  payloadBytes: 64 * 1024,
  resultBytes: 64 * 1024,
  logLinesPerSecond: 100,
  concurrency: 1,
};

/** The bundler ends itself after its answer; one that does not is ended. */
const KILL_AFTER_MS = 1_000;

/** Everything of the author's stands below this, at its own path, so that links between packages lead where they should. */
const SOURCE = "/source";

/** Packages whose links lead through places that do not exist in there. */
const LINKED = "/linked";

export interface BundleRequest {
  /** Real path of the plugin's folder. */
  readonly folder: string;
  /** The snapshot of it. */
  readonly source: string;
  /** Path in the snapshot. */
  readonly entry: string;
  readonly linked: LinkedPackages;
}

/** Who does the work. */
export interface Bundler {
  readonly isolation: Isolation;
  readonly node: NodeRuntime;
  readonly files: BundlerFiles;
}

export interface Bundle {
  readonly code: Buffer;
  readonly map: Buffer | undefined;
  /** The host's paths of the modules that came from outside of the snapshot, as the bundler tells them. */
  readonly outside: readonly OutsideModule[];
}

export interface OutsideModule {
  readonly path: string;
  /** The directory, given to the bundler, that the module lies in. */
  readonly root: string;
}

/**
 * Makes one file of an entry and everything it imports, behind the walls of the isolation. Rejects with
 * BUNDLE_FAILED that lists what is wrong with the code, and with what a launch rejects with.
 */
export async function bundleEntry(
  request: BundleRequest,
  bundler: Bundler,
  signal?: AbortSignal,
): Promise<Bundle> {
  const tree = join(SOURCE, request.folder, RESERVED_AT_TOP);
  const spec = await toSpec(request, tree, bundler);
  const guest = await bundler.isolation.launch(spec, signal);
  const reply = await converse(guest, request.folder, signal, {
    entry: join(tree, request.entry),
    outputDirectory: join(tree, RESERVED_AT_TOP),
    tree,
    folder: join(SOURCE, request.folder),
    hostImporter: bundler.files.script,
    linkedImporter: `${LINKED}/importer.js`,
    linkedPackages: [...request.linked.unreachable.keys()],
  });
  const toPath = (inside: string) => toAuthorPath(inside, tree, request.folder);
  if (reply.kind === "failed") {
    throw toBundleError(request.folder, reply.problems, toPath, request.linked.refused);
  }
  return {
    // Safe: a reply without it was refused.
    code: reply.contents.get("main.mjs") as Buffer,
    map: reply.contents.get("main.mjs.map"),
    outside: reply.inputs.flatMap((inside) => toOutside(inside, spec.inputs, tree)),
  };
}

async function toSpec(request: BundleRequest, tree: string, bundler: Bundler): Promise<LaunchSpec> {
  const tool = await bundler.node.tool([bundler.files.native]);
  const outside = [
    ...(request.linked.own === undefined ? [] : [request.linked.own]),
    ...request.linked.directories,
  ];
  const inputs: readonly ReadOnlyInput[] = [
    ...bundler.files.inputs,
    // Beside its node_modules, not around it: nothing has to be mounted inside the snapshot.
    { source: request.source, target: tree },
    ...outside.map((directory) => ({ source: directory, target: join(SOURCE, directory) })),
    ...[...request.linked.unreachable].map(([name, directory]) => ({
      source: directory,
      target: `${LINKED}/node_modules/${name}`,
    })),
  ];
  return {
    label: "bundler",
    owner: { plugin: "paddock/bundler", tenant: "main" },
    program: tool.program,
    args: ["--max-old-space-size=512", "--v8-pool-size=1", bundler.files.script],
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: BUNDLER_NATIVE, RAYON_NUM_THREADS: "2", TOKIO_WORKER_THREADS: "2" },
    workingDirectory: tree,
    executables: tool.executables,
    inputs,
    data: undefined,
    dataAliases: [],
    limits: BUNDLER_LIMITS,
    baseline: tool.baseline,
    onLog: () => undefined,
  };
}

async function converse(
  guest: GuestProcess,
  folder: string,
  signal: AbortSignal | undefined,
  instructions: BundlerInstructions,
): Promise<BundlerReply> {
  const abort = () => guest.kill({ code: "KILLED", message: "loading was cancelled" });
  const timer = setTimeout(() => {
    guest.kill({ code: "TIMEOUT", message: `no result within ${BUNDLER_LIMITS.timeoutMs / 1_000} s` });
  }, BUNDLER_LIMITS.timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    guest.channel.write(`${JSON.stringify(instructions)}\n`);
    return await readBundlerReply(guest.channel);
  } catch (error) {
    guest.kill({ code: "PROTOCOL_VIOLATION", message: "no usable result" });
    const end = await guest.ended;
    signal?.throwIfAborted();
    if (isPaddockError(error) && (end.code === undefined || end.code === "PROTOCOL_VIOLATION")) throw error;
    throw new PaddockError("BUNDLE_FAILED", `Cannot bundle the plugin in "${folder}": ${end.message}.`, {
      hint: end.hint ?? "Import less, or bundle the plugin before it is loaded.",
      data: { end: end.code ?? "CRASHED", lastLines: end.evidence.lastLines },
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    guest.channel.destroy();
    const force = setTimeout(
      () => guest.kill({ code: "KILLED", message: "its work is done" }),
      KILL_AFTER_MS,
    );
    await guest.ended;
    clearTimeout(force);
  }
}

/** "src/main.ts" for the plugin's own files, "node_modules/x/index.js" for its packages. */
function toAuthorPath(inside: string, tree: string, folder: string): string {
  for (const prefix of [tree, join(SOURCE, folder)]) {
    if (inside.startsWith(`${prefix}/`)) return inside.slice(prefix.length + 1);
  }
  return inside.startsWith(`${SOURCE}/`) ? inside.slice(SOURCE.length) : inside;
}

function toOutside(inside: string, inputs: readonly ReadOnlyInput[], tree: string): readonly OutsideModule[] {
  const input = inputs.find(({ target }) => inside.startsWith(`${target}/`));
  // The list comes from the bundler: it must not make the host look at anything that the bundler was not given.
  if (input === undefined || input.target === tree || inside.split("/").includes("..")) return [];
  return [{ path: input.source + inside.slice(input.target.length), root: input.source }];
}
