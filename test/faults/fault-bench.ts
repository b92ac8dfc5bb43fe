import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createHost,
  type Host,
  type HostOptions,
  isPaddockError,
  type LifecycleEvent,
  type PaddockError,
} from "@paddock/host";
import { expect } from "vitest";
import { holdings, leftSince } from "../plugins/host-behaviours/leftovers.js";
import { makeTemporaryHome } from "../plugins/host-behaviours/temporary-home.js";

export const PLUGINS = fileURLToPath(new URL("../plugins/", import.meta.url));
export const OPERATOR = { id: "ops", roles: ["operator"] } as const;

/** A host with a plugin of somebody else's, which every fault must leave as it is. */
export interface FaultBench {
  readonly host: Host;
  /** Where plugins may be written. */
  readonly directory: string;
  readonly home: string;
  readonly events: readonly LifecycleEvent[];
  /** A copy of a plugin of `test/plugins` with an id of its own and more files in it, loaded. */
  load(plugin: string, id: string, files?: Readonly<Record<string, unknown>>): Promise<string>;
  /** The next event, also one that was before, for which this holds. */
  until(holds: (event: LifecycleEvent) => boolean): Promise<LifecycleEvent>;
  /** Throws unless the other plugin answers at once. */
  assertOthersServed(): Promise<void>;
  /** Ends the host, and throws when anything is left. */
  close(): Promise<void>;
}

const BYSTANDER = "attacker/bystander";

export async function openFaultBench(options: HostOptions = {}): Promise<FaultBench> {
  const directory = await makeTemporaryHome();
  const before = holdings();
  const home = join(directory.path, "home");
  const host = await createHost({ preset: "development", home, interpreter: { guards: false }, ...options });
  const events: LifecycleEvent[] = [];
  const waiting = new Set<(event: LifecycleEvent) => void>();
  const listening = (async () => {
    for await (const event of host.events()) {
      if (event.kind === "missed") continue;
      events.push(event);
      for (const hear of waiting) hear(event);
    }
  })();
  await host.load(join(PLUGINS, "bystander"));
  await host.start(BYSTANDER);
  return {
    host,
    directory: directory.path,
    home,
    events,
    load: async (plugin, id, files = {}) => {
      const folder = join(directory.path, id.replace("/", "-"));
      await copyPlugin(plugin, folder, id, files);
      return (await host.load(folder)).id;
    },
    until: (holds) => {
      const { promise, resolve } = Promise.withResolvers<LifecycleEvent>();
      const known = events.find(holds);
      if (known !== undefined) return Promise.resolve(known);
      const hear = (event: LifecycleEvent) => {
        if (holds(event)) resolve(event);
      };
      waiting.add(hear);
      return promise.finally(() => waiting.delete(hear));
    },
    assertOthersServed: async () => {
      const nonce = crypto.randomUUID();
      expect(await host.call(BYSTANDER, "attack", nonce, { timeoutMs: 5_000 })).toEqual({ stillHere: nonce });
    },
    close: async () => {
      await host.close();
      await listening;
      await directory.remove();
      expect(await leftSince(before)).toEqual([]);
    },
  };
}

/** Writes a plugin's folder anew, with more files: text as it is, anything else as JSON. */
export async function copyPlugin(
  plugin: string,
  folder: string,
  id: string,
  files: Readonly<Record<string, unknown>>,
  version = "1.0.0",
): Promise<void> {
  await cp(join(PLUGINS, plugin), folder, { recursive: true });
  const manifest = join(folder, "plugin.yaml");
  const text = await readFile(manifest, "utf8");
  await writeFile(
    manifest,
    text.replace(/^id: .*$/m, `id: ${id}`).replace(/^version: .*$/m, `version: ${version}`),
  );
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

/** The error of a call that must have one. */
export async function failureOf(pending: Promise<unknown>): Promise<PaddockError> {
  const outcome = await pending.then(
    (value) => new Error(`it answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  // Hosts reject with nothing else; any other error here is a failure of the host.
  if (!isPaddockError(outcome)) throw outcome;
  return outcome;
}

/** "answered", or the code of the error. */
export async function codeOf(pending: Promise<unknown>): Promise<string> {
  return pending.then(
    () => "answered",
    (error: unknown) => {
      if (!isPaddockError(error)) throw error;
      return error.code;
    },
  );
}

/** Ends a process that may have ended by itself a moment ago. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
