import { close as closeInspector, open as openInspector } from "node:inspector";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { PaddockError, toPaddockError } from "@paddock/contract";
import { type PaddockConfig, readManifest, readWrittenManifest, resolveConfig } from "@paddock/host";
import { createTestHost, type MemoryHostOptions, type TestHost } from "@paddock/sdk/testing";
import { formatAnswer } from "../format-answer.js";
import { formatError } from "../format-error.js";
import type { Terminal } from "../terminal.js";
import { readCallLine } from "./call-line.js";

/** Node's own default. */
const DEFAULT_PORT = 9229;
/** Whoever reaches an inspector runs code as this user: nobody from another machine does. */
const ADDRESS = "127.0.0.1";

/**
 * Runs a plugin inside this process for a debugger, until standard input ends. There are no walls: the plugin can do
 * what this user can. Throws USAGE_INVALID under another preset than development.
 */
export async function inspectPlugin(
  terminal: Terminal,
  folder: string,
  config: PaddockConfig,
  written: true | string,
): Promise<void> {
  const { preset } = resolveConfig(config);
  if (preset !== "development") {
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot run a plugin without walls under the preset "${preset}": --inspect has none.`,
      { hint: "Only for code that you trust: --preset development --inspect." },
    );
  }
  const port = readPort(written);
  const { runtime, id } = await readManifest(folder);
  if (runtime.kind !== "node") {
    throw new PaddockError("USAGE_INVALID", `Cannot inspect "${id}": it is no plugin for Node.`);
  }
  warn(terminal, id);
  // Node itself says where it listens.
  openInspector(port, ADDRESS);
  try {
    await using host = await load(folder, runtime.entry);
    await serveLines(terminal, host);
  } finally {
    closeInspector();
  }
}

function warn({ err }: Terminal, id: string): void {
  const { red, bold } = err.colors;
  err.write(
    `${red(bold("THERE ARE NO WALLS."))} "${id}" runs inside this process, with everything you may do.\n`,
  );
  err.write("No limits, no isolation, no denied system calls: only for code that you trust.\n");
}

async function load(folder: string, entry: string): Promise<TestHost> {
  // A plugin need not have the SDK installed: a host brings it, and so do we.
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "@paddock/sdk"
        ? next(specifier, { ...context, parentURL: import.meta.url })
        : next(specifier, context),
  });
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(join(folder, entry)).href);
    const { value } = await readWrittenManifest(folder);
    // Safe: the manifest was read before, so its shape is known; a wrong plugin is refused by createTestHost().
    const permissions = (value as Written).permissions;
    return await createTestHost({
      plugin: module.default as MemoryHostOptions["plugin"],
      permissions: [...(permissions?.required ?? []), ...(permissions?.optional ?? [])],
    });
  } finally {
    hooks.deregister();
  }
}

interface Written {
  readonly permissions?: { readonly required?: readonly object[]; readonly optional?: readonly object[] };
}

async function serveLines(terminal: Terminal, host: TestHost): Promise<void> {
  const { out, err } = terminal;
  const input = createInterface({ input: process.stdin, terminal: false });
  for await (const line of input) {
    if (line.trim() === "") continue;
    try {
      const { action, payload } = await readCallLine(line);
      out.write(formatAnswer(await host.call(action, payload), out));
    } catch (error) {
      err.write(formatError(toPaddockError(error, "make the call"), err));
    }
  }
}

function readPort(written: true | string): number {
  if (written === true) return DEFAULT_PORT;
  const port = Number(written);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new PaddockError("USAGE_INVALID", `"${written}" is no port.`, {
    hint: "--inspect 9229, or 0 for any.",
  });
}
