import { spawn } from "node:child_process";
import { copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { identityOf, isReachable, nameFor } from "./cached-copy.js";
import { placeTree } from "./cached-tree.js";
import type { Reach } from "./reachable-input.js";

/** Name of the guest entry as a function, beside the guest entry. */
const BODY = "guest-body.js";
const CODE = "guest-body.cache";
const START = "guest-entry.cjs";
const MAKE_TIMEOUT_MS = 10_000;

export interface GuestSource {
  /** The interpreter. */
  readonly node: string;
  readonly flags: readonly string[];
  readonly entry: string;
}

/**
 * A directory with the guest entry and what V8 made of it in an earlier run: compiling it anew takes every start some
 * 2 ms. Made once for each state of entry and interpreter, which checks by itself whether it can use it. `undefined`
 * where that cannot be; then the entry itself does.
 */
export async function compiledGuest(source: GuestSource, reach: Reach): Promise<string | undefined> {
  try {
    const body = join(dirname(source.entry), BODY);
    const identities = await Promise.all([body, source.entry, source.node].map(identityOf));
    const name = nameFor([...identities, ...source.flags, START_PROGRAM].join("\n"));
    const tree = join(reach.cacheDirectory, "trees", `${name}-guest`);
    const isThere = await stat(tree).then(
      () => true,
      () => false,
    );
    if (!isThere) await placeTree(tree, (draft) => compile(source, body, draft));
    return process.getuid?.() !== 0 || (await isReachable(tree, reach.isBound)) ? tree : undefined;
  } catch {
    // Only a shortcut: another guest entry, a full disk or a slow machine must not stop a start.
    return undefined;
  }
}

/** What the guest starts with. */
const START_PROGRAM = `"use strict";
const { Script } = process.getBuiltinModule("node:vm");
const { readFileSync } = process.getBuiltinModule("node:fs");
const read = (name) => readFileSync(__dirname + "/" + name);
new Script(read("${BODY}").latin1Slice(), { filename: __filename, cachedData: read("${CODE}") })
  .runInThisContext()((url) => import(url));
`;

/** Runs the guest entry, and writes down at its end what V8 has compiled until then. */
const MAKE_PROGRAM = `
const { Script } = process.getBuiltinModule("node:vm");
const { readFileSync, writeFileSync } = process.getBuiltinModule("node:fs");
const [, body, code] = process.argv;
const script = new Script(readFileSync(body, "latin1"), { filename: "/paddock/${START}" });
process.once("exit", () => writeFileSync(code, script.createCachedData()));
script.runInThisContext()((url) => import(url));
`;

const PLUGIN = `export default { actions: { echo: (input) => input }, [Symbol.for("paddock.plugin")]: 1 };\n`;

async function compile({ node, flags }: GuestSource, body: string, draft: string): Promise<void> {
  await mkdir(draft);
  const plugin = join(draft, "plugin.mjs");
  await Promise.all([
    copyFile(body, join(draft, BODY)),
    writeFile(join(draft, START), START_PROGRAM),
    writeFile(plugin, PLUGIN),
  ]);
  const child = spawn(node, [...flags, "-e", MAKE_PROGRAM, body, join(draft, CODE)], {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    timeout: MAKE_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  // Safe: descriptor 3 was asked for as a pipe, which Node makes a two-way socket; without a process there is none.
  const channel = child.stdio?.[3] as Duplex | undefined;
  channel?.on("error", () => undefined);
  channel?.write(
    message(1, "initialize", {
      protocol: { min: 1, max: 1 },
      nonce: "",
      plugin: { id: "paddock/compiled", version: "0.0.0", digest: "" },
      tenant: "main",
      entry: plugin,
      config: {},
      limits: {},
      permissions: {},
    }),
  );
  channel?.once("data", () => {
    channel.write(message(2, "call", { action: "echo", payload: { echo: [1] }, timeoutMs: 1_000 }));
    channel.write(message(3, "shutdown", {}));
    channel.resume();
  });
  const code = await exited;
  channel?.destroy();
  if (code !== 0) throw new Error(`The guest entry ended with ${code}.`);
  await stat(join(draft, CODE));
  await rm(plugin);
}

function message(id: number, method: string, params: object): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
}
