import { resolve } from "node:path";
import { PaddockError, quote } from "@paddock/contract";
import { checkDependencies, type Dependent, dependentsOf } from "./dependencies/check-dependencies.js";
import { stillNeeded } from "./dependencies/dependency-errors.js";
import type { LoadOptions } from "./host-interface.js";
import { readFolder, readForce } from "./load-request.js";
import type { ActionSchemas } from "./pipeline/action-schemas.js";
import type { CallPipeline } from "./pipeline/call-pipeline.js";
import type { LoadedPlugin } from "./supervisor/plugin.js";
import type { Supervisor } from "./supervisor/supervisor.js";
import { Turns } from "./turns.js";

/** A plugin that could be started: read, checked, its schemas compiled. */
export interface PreparedPlugin {
  readonly plugin: LoadedPlugin;
  readonly schemas: ReadonlyMap<string, ActionSchemas>;
}

export interface PluginShelfPorts {
  readonly prepare: (folder: string) => Promise<PreparedPlugin>;
  readonly supervisor: Pick<Supervisor, "add" | "addBeside" | "unload">;
  readonly pipeline: Pick<CallPipeline, "add" | "drain">;
}

/** The plugins of a host: which version of each is called, and how one takes the place of another. */
export class PluginShelf {
  readonly #ports: PluginShelfPorts;
  readonly #plugins = new Map<string, LoadedPlugin>();
  /** Where each was loaded from. */
  readonly #folders = new WeakMap<LoadedPlugin, string>();
  /** Loading and unloading of one plugin happen one after the other. */
  readonly #turns = new Turns();
  /** Versions that are replaced, as long as they have calls. */
  readonly #drains = new Set<Promise<void>>();
  #isClosed = false;

  constructor(ports: PluginShelfPorts) {
    this.#ports = ports;
  }

  all(): readonly LoadedPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Throws PLUGIN_NOT_FOUND, or HOST_CLOSED. */
  find(id: string): LoadedPlugin {
    this.assertOpen();
    const plugin = this.#plugins.get(id);
    if (plugin === undefined) throw notLoaded(id, [...this.#plugins.keys()]);
    return plugin;
  }

  folderOf(plugin: LoadedPlugin): string {
    return this.#folders.get(plugin) ?? "";
  }

  /** Who depends on whom, by id. */
  dependents(): ReadonlyMap<string, Dependent> {
    return new Map([...this.#plugins].map(([id, { manifest }]) => [id, manifest]));
  }

  async load(written: string, options?: LoadOptions): Promise<LoadedPlugin> {
    this.assertOpen();
    const folder = readFolder(written);
    const force = readForce(options);
    const prepared = await this.#ports.prepare(folder);
    const { plugin } = prepared;
    this.#folders.set(plugin, resolve(folder));
    await this.#turns.run(plugin.manifest.id, () => this.#takeIn(prepared, force));
    return plugin;
  }

  async unload(id: string, options?: LoadOptions): Promise<void> {
    const plugin = this.find(id);
    const force = readForce(options);
    const needing = dependentsOf(id, this.dependents().values());
    if (needing.length > 0 && !force) throw stillNeeded(id, needing);
    this.#plugins.delete(id);
    await this.#turns.run(id, () => this.#retire(plugin));
  }

  assertOpen(): void {
    if (this.#isClosed) throw new PaddockError("HOST_CLOSED", "The host is closed.");
  }

  /** Nothing is found and taken in any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when no replaced version is left. */
  async drained(): Promise<void> {
    await Promise.allSettled(this.#drains);
  }

  /** The new version is there and healthy before calls go to it; the old one stays when it is not. */
  async #takeIn({ plugin, schemas }: PreparedPlugin, force: boolean): Promise<void> {
    const { supervisor, pipeline } = this.#ports;
    const { id } = plugin.manifest;
    checkDependencies(plugin.manifest, this.dependents(), force);
    const previous = this.#plugins.get(id);
    if (previous === undefined) await supervisor.add(plugin);
    else await supervisor.addBeside(plugin, previous);
    try {
      this.assertOpen();
      // At once with the change: the plugins beside it may have changed meanwhile.
      checkDependencies(plugin.manifest, this.dependents(), force);
    } catch (error) {
      await supervisor.unload(plugin);
      throw error;
    }
    pipeline.add(plugin, schemas);
    this.#plugins.set(id, plugin);
    if (previous === undefined) return;
    // Calls that it works on may take long; nobody waits for them.
    const drain = this.#retire(previous, plugin).finally(() => this.#drains.delete(drain));
    this.#drains.add(drain);
  }

  async #retire(plugin: LoadedPlugin, successor?: LoadedPlugin): Promise<void> {
    await this.#ports.pipeline.drain(plugin);
    await this.#ports.supervisor.unload(plugin, successor);
  }
}

function notLoaded(id: unknown, known: readonly string[]): PaddockError {
  const name = typeof id === "string" ? quote(id) : `of the type ${typeof id}`;
  return new PaddockError("PLUGIN_NOT_FOUND", `Plugin ${name} is not loaded.`, {
    hint: known.length === 0 ? "Load it with host.load(folder)." : `Loaded are: ${known.join(", ")}.`,
  });
}
