import { Agent } from "node:http";
import type { ErrorJson } from "@paddock/contract";
import type { DataListing, GuestSamples, LifecycleEvents, LogRecord, PluginOverview } from "@paddock/host";
import { RESULT_HEADER } from "./call-protocol.js";
import { bytesOf, type ControlAnswer, itemsOf, linesOf, readJson } from "./control-answer.js";
import { openControlDirectory } from "./control-directory.js";
import { type AskOptions, sendRequest } from "./control-request.js";
import type { UsageLine } from "./routes/watch-routes.js";

export interface HostAbout {
  readonly pid: number;
  readonly startedAt: string;
  readonly version?: string;
  readonly preset?: string;
  readonly home?: string;
  /** Folders whose plugin could not be loaded when the host started. */
  readonly notLoaded?: readonly NotLoaded[];
}

export interface NotLoaded {
  readonly folder: string;
  readonly error: ErrorJson;
}

export interface CallLine {
  /** JSON, or bytes as they come. */
  readonly payload: unknown;
  readonly tenant?: string | undefined;
  readonly caller?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type CallAnswer =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "bytes"; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: "items"; readonly items: AsyncIterable<unknown> };

/** One line of `/v1/events`: an event, or how many were missed. */
export type EventLine = Awaited<ReturnType<LifecycleEvents["next"]>>["value"];

export type PluginChange = "reload" | "suspend" | "resume" | "restart" | "release";

/** A host in another process. Rejects with what the host rejects with, and HOST_UNREACHABLE. */
export interface ControlClient {
  about(): Promise<HostAbout>;
  list(): Promise<readonly PluginOverview[]>;
  get(plugin: string): Promise<PluginOverview>;
  samples(plugin: string): Promise<readonly GuestSamples[]>;
  load(folder: string): Promise<PluginOverview>;
  unload(plugin: string, force?: boolean): Promise<void>;
  change(plugin: string, change: PluginChange): Promise<PluginOverview>;
  call(plugin: string, action: string, line: CallLine): Promise<CallAnswer>;
  logs(options: {
    readonly plugin?: string | undefined;
    readonly last?: number | undefined;
    readonly follow?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<LogRecord>;
  usage(options: {
    readonly everyMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<UsageLine>;
  /** What happens to plugins from now on. */
  events(options: {
    readonly plugin?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<EventLine>;
  showData(plugin: string, tenant: string): Promise<DataListing>;
  exportData(plugin: string, tenant: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  clearData(plugin: string, tenant: string): Promise<{ readonly entries: number }>;
  /** Ends what is open. May be called twice. */
  close(): Promise<void>;
}

/** Finds the host whose control socket is at a path. */
export async function connectControl(path: string): Promise<ControlClient> {
  const directory = await openControlDirectory(path);
  const agent = new Agent({ keepAlive: true });
  const ask = (method: string, address: string, options: AskOptions = {}) =>
    sendRequest({ path, socketPath: directory.address, agent, method, address, ...options });
  const json = async <T>(method: string, address: string, body?: unknown): Promise<T> =>
    // Safe: the host is of the same version, or answers what readProblem() refuses.
    (await readJson(await ask(method, address, body === undefined ? {} : { body }))) as T;
  const client: ControlClient = {
    about: () => json("GET", "/v1/host"),
    list: () => json("GET", "/v1/plugins"),
    get: (plugin) => json("GET", addressOf(plugin)),
    samples: (plugin) => json("GET", `${addressOf(plugin)}/samples`),
    load: (folder) => json("POST", "/v1/plugins", { folder }),
    unload: (plugin, force) => json("DELETE", `${addressOf(plugin)}${query({ force })}`),
    change: (plugin, change) => json("POST", `${addressOf(plugin)}/${change}`),
    call: async (plugin, action, { payload, signal, ...options }) => {
      const address = `${addressOf(plugin)}/actions/${encodeURIComponent(action)}${query(options)}`;
      return toCallAnswer(await ask("POST", address, { body: payload, signal }));
    },
    logs: ({ signal, ...options }) =>
      linesOf<LogRecord>(() => ask("GET", `/v1/logs${query(options)}`, { signal })),
    usage: ({ signal, ...options }) =>
      linesOf<UsageLine>(() => ask("GET", `/v1/usage${query(options)}`, { signal })),
    events: ({ signal, ...options }) =>
      linesOf<EventLine>(() => ask("GET", `/v1/events${query(options)}`, { signal })),
    showData: (plugin, tenant) => json("GET", `${addressOf(plugin)}/data${query({ tenant })}`),
    exportData: async function* (plugin, tenant, signal) {
      yield* bytesOf(await ask("GET", `${addressOf(plugin)}/data/archive${query({ tenant })}`, { signal }));
    },
    clearData: (plugin, tenant) => json("DELETE", `${addressOf(plugin)}/data${query({ tenant })}`),
    close: async () => {
      agent.destroy();
      await directory.close();
    },
  };
  try {
    await client.about();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function toCallAnswer(answer: ControlAnswer): Promise<CallAnswer> {
  const kind = answer.message.headers[RESULT_HEADER];
  if (kind === "bytes") return { kind, bytes: bytesOf(answer) };
  if (kind === "items") return { kind, items: itemsOf(answer) };
  return { kind: "json", value: await readJson(answer) };
}

function addressOf(plugin: string): string {
  const [publisher = "", ...name] = plugin.split("/");
  return `/v1/plugins/${encodeURIComponent(publisher)}/${encodeURIComponent(name.join("/"))}`;
}

function query(options: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters}`;
}
