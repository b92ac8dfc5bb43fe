import { PaddockError, toPaddockError } from "@paddock/contract";
import { readManifest } from "../bundle/read-manifest.js";
import { readForce } from "../load-request.js";
import { type CallOptions, readCallOptions } from "../pipeline/call-options.js";
import { readSafely } from "../read-safely.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { GuestSamples, PluginStatus } from "../supervisor/plugin-status.js";
import { type Actor, readActor } from "./actor.js";
import type { Admin, DataOptions, LogOptions, PluginOverview } from "./admin.js";
import { type AdminMethod, authorize } from "./authorize.js";
import type { PluginData } from "./data/plugin-data.js";
import { type LogBook, type LogRecord, MAX_KEPT_LINES } from "./log-book.js";

/** Who did what, and what came of it; the beginning of the audit's record. */
export interface Operation {
  readonly actor: Actor;
  readonly method: AdminMethod;
  readonly plugin: LoadedPlugin;
  readonly failure: PaddockError | undefined;
}

/** The rooms that do what an operator asks. */
export interface AdminRooms {
  plugins(): readonly LoadedPlugin[];
  /** Throws PLUGIN_NOT_FOUND. */
  find(plugin: string): LoadedPlugin;
  folderOf(plugin: LoadedPlugin): string;
  load(folder: string): Promise<string>;
  unload(plugin: string, force: boolean): Promise<void>;
  status(plugin: LoadedPlugin): PluginStatus;
  samples(plugin: LoadedPlugin): readonly GuestSamples[];
  suspend(plugin: LoadedPlugin): Promise<void>;
  resume(plugin: LoadedPlugin): Promise<void>;
  restart(plugin: LoadedPlugin): Promise<void>;
  release(plugin: LoadedPlugin): Promise<void>;
  /** Ends the guests that use a tenant's data, and starts none until the work is done. */
  withoutGuests<T>(plugin: LoadedPlugin, tenant: string, work: () => Promise<T>): Promise<T>;
  call(plugin: string, action: string, payload: unknown, options: CallOptions): Promise<unknown>;
  readonly logs: LogBook;
  readonly data: PluginData;
  onOperation(operation: Operation): void;
}

const DEFAULT_LINES = 100;

export function createAdmin(rooms: AdminRooms): Admin {
  const allow = (written: Actor, method: AdminMethod): Actor => {
    const actor = readActor(written);
    authorize(actor, method);
    return actor;
  };

  /** Every method that changes something, or looks at what a plugin keeps, goes through here. */
  const operate = async <T>(
    written: Actor,
    method: AdminMethod,
    id: string,
    work: (plugin: LoadedPlugin) => Promise<T>,
  ): Promise<T> => {
    const actor = allow(written, method);
    const plugin = rooms.find(id);
    try {
      const result = await work(plugin);
      rooms.onOperation({ actor, method, plugin, failure: undefined });
      return result;
    } catch (error) {
      const failure = toPaddockError(error, `${method} "${plugin.manifest.id}"`);
      rooms.onOperation({ actor, method, plugin, failure });
      throw failure;
    }
  };

  const overview = (plugin: LoadedPlugin): PluginOverview => ({
    ...rooms.status(plugin),
    title: plugin.manifest.title,
    digest: plugin.digest,
    folder: rooms.folderOf(plugin),
    actions: [...plugin.actions.keys()],
  });

  const change = (method: "suspend" | "resume" | "restart" | "release") => (actor: Actor, id: string) =>
    operate(actor, method, id, async (plugin) => {
      await rooms[method](plugin);
      return overview(plugin);
    });

  return {
    list: async (actor) => {
      allow(actor, "list");
      return rooms.plugins().map(overview);
    },
    get: async (actor, id) => {
      allow(actor, "get");
      return overview(rooms.find(id));
    },
    load: async (written, folder) => {
      const actor = allow(written, "load");
      const plugin = rooms.find(await rooms.load(readFolder(folder)));
      rooms.onOperation({ actor, method: "load", plugin, failure: undefined });
      return overview(plugin);
    },
    reload: (actor, id) =>
      operate(actor, "reload", id, async (plugin) => {
        const folder = rooms.folderOf(plugin);
        await assertSamePlugin(folder, plugin.manifest.id);
        return overview(rooms.find(await rooms.load(folder)));
      }),
    unload: (actor, id, options) => operate(actor, "unload", id, () => rooms.unload(id, readForce(options))),
    suspend: change("suspend"),
    resume: change("resume"),
    restart: change("restart"),
    release: change("release"),
    call: async (written, id, action, payload, options) => {
      const { id: caller } = allow(written, "call");
      const given = readSafely("options", () => ({ ...options }));
      return rooms.call(id, action, payload, { ...given, caller: given.caller ?? caller });
    },
    samples: async (actor, id) => {
      allow(actor, "samples");
      return rooms.samples(rooms.find(id));
    },
    logs: async function* (actor, options) {
      allow(actor, "logs");
      yield* readLogs(
        rooms,
        readSafely("options", () => ({ ...options })),
      );
    },
    data: {
      show: (actor, id, options) =>
        operate(actor, "data.show", id, (plugin) => {
          const { tenant, signal } = readDataOptions(options);
          return rooms.data.show(plugin, tenant, signal);
        }),
      export: async function* (written, id, options) {
        const actor = allow(written, "data.export");
        const plugin = rooms.find(id);
        const { tenant, signal } = readDataOptions(options);
        rooms.onOperation({ actor, method: "data.export", plugin, failure: undefined });
        yield* rooms.data.export(plugin, tenant, signal);
      },
      clear: (actor, id, options) =>
        operate(actor, "data.clear", id, (plugin) => {
          const { tenant, signal } = readDataOptions(options);
          return rooms.withoutGuests(plugin, tenant, () => rooms.data.clear(plugin, tenant, signal));
        }),
    },
  };
}

async function* readLogs(
  rooms: AdminRooms,
  { plugin, last = DEFAULT_LINES, follow = false, signal = NEVER }: LogOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  if (!Number.isInteger(last) || last < 0) {
    throw new PaddockError("USAGE_INVALID", "Cannot read logs: last is not a number of lines.");
  }
  const past = rooms.logs.last(Math.min(last, MAX_KEPT_LINES), plugin);
  // One that is gone may have left the very lines that say why.
  if (plugin !== undefined && rooms.logs.last(1, plugin).length === 0) rooms.find(plugin);
  // Before the first line is handed out: what is logged in between must not be missed.
  const future = follow ? rooms.logs.follow(signal, plugin) : [];
  yield* past;
  yield* future;
}

/** A folder may hold another plugin by now: loading that beside this one is not what was asked for. */
async function assertSamePlugin(folder: string, id: string): Promise<void> {
  const { id: found } = await readManifest(folder);
  if (found === id) return;
  throw new PaddockError("PLUGIN_INVALID", `Cannot load "${id}" again: its folder has "${found}" now.`, {
    hint: `Load that one by its folder, and unload "${id}".`,
  });
}

const NEVER = new AbortController().signal;

function readFolder(folder: unknown): string {
  if (typeof folder === "string" && folder.startsWith("/") && !folder.includes("\0")) return folder;
  throw new PaddockError("USAGE_INVALID", "Cannot load a plugin: its folder is not an absolute path.");
}

function readDataOptions(options: DataOptions = {}): { tenant: string; signal: AbortSignal } {
  const { tenant, signal = NEVER } = readCallOptions(options);
  return { tenant, signal };
}
