import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type ErrorJson, PaddockError } from "@paddock/contract";
import type { DataListing, LifecycleEvents, LogRecord, PluginOverview } from "@paddock/host";
import { openControlDirectory, unreachable } from "./control-directory.js";
import { fromErrorLine, fromProblem } from "./problem.js";
import { readLines } from "./read-lines.js";
import { type ItemLine, MAX_BODY_BYTES, RESULT_HEADER } from "./routes/call-route.js";
import type { UsageLine } from "./routes/watch-routes.js";
import { ERROR_TRAILER } from "./send-lines.js";

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

/** Largest answer that is not a stream. */
const MAX_ANSWER_BYTES = 256 * 1024 ** 2;

/** Finds the host whose control socket is at a path. */
export async function connectControl(path: string): Promise<ControlClient> {
  const directory = await openControlDirectory(path);
  const agent = new Agent({ keepAlive: true });
  const ask = (method: string, address: string, options: AskOptions = {}) =>
    send({ path, socketPath: directory.address, agent, method, address, ...options });
  const json = async <T>(method: string, address: string, body?: unknown): Promise<T> =>
    // Safe: the host is of the same version, or answers what readProblem() refuses.
    (await readJson(await ask(method, address, body === undefined ? {} : { body }))) as T;
  const client: ControlClient = {
    about: () => json("GET", "/v1/host"),
    list: () => json("GET", "/v1/plugins"),
    get: (plugin) => json("GET", addressOf(plugin)),
    load: (folder) => json("POST", "/v1/plugins", { folder }),
    unload: (plugin, force) => json("DELETE", `${addressOf(plugin)}${query({ force })}`),
    change: (plugin, change) => json("POST", `${addressOf(plugin)}/${change}`),
    call: async (plugin, action, { payload, signal, ...options }) => {
      const address = `${addressOf(plugin)}/actions/${encodeURIComponent(action)}${query(options)}`;
      return toAnswer(await ask("POST", address, { body: payload, signal }));
    },
    logs: ({ signal, ...options }) =>
      lines<LogRecord>(() => ask("GET", `/v1/logs${query(options)}`, { signal })),
    usage: ({ signal, ...options }) =>
      lines<UsageLine>(() => ask("GET", `/v1/usage${query(options)}`, { signal })),
    events: ({ signal, ...options }) =>
      lines<EventLine>(() => ask("GET", `/v1/events${query(options)}`, { signal })),
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

interface AskOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

interface Question extends AskOptions {
  readonly path: string;
  readonly socketPath: string;
  readonly agent: Agent;
  readonly method: string;
  readonly address: string;
}

/** Resolves with an answer that went well, its body unread. */
async function send({
  path,
  socketPath,
  agent,
  method,
  address,
  body,
  signal,
}: Question): Promise<IncomingMessage> {
  const isBytes = body instanceof Readable;
  const text = body === undefined || isBytes ? undefined : JSON.stringify(body);
  if (text !== undefined && text.length > MAX_BODY_BYTES) {
    throw new PaddockError(
      "PAYLOAD_TOO_LARGE",
      `Cannot send the payload: it has ${text.length} characters.`,
      {
        hint: `JSON may have ${MAX_BODY_BYTES}; send more as bytes.`,
      },
    );
  }
  const headers = {
    host: "localhost",
    ...(isBytes ? { "content-type": "application/octet-stream" } : {}),
    ...(text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      { socketPath, agent, method, path: address, headers, ...(signal === undefined ? {} : { signal }) },
      resolve,
    );
    request.once("error", (error) =>
      reject(signal?.aborted === true ? signal.reason : unreachable(path, error)),
    );
    if (isBytes) body.pipe(request);
    else request.end(text);
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  throw fromProblem(await readJson(answer));
}

async function readJson(answer: IncomingMessage): Promise<unknown> {
  let size = 0;
  answer.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) answer.destroy();
  });
  const content = await text(answer);
  return content === "" ? undefined : JSON.parse(content);
}

function toAnswer(answer: IncomingMessage): Promise<CallAnswer> | CallAnswer {
  const kind = answer.headers[RESULT_HEADER];
  if (kind === "bytes") return { kind, bytes: bytesOf(answer) };
  if (kind === "items") return { kind, items: itemsOf(answer) };
  return readJson(answer).then((value) => ({ kind: "json", value }));
}

async function* bytesOf(answer: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
  yield* answer;
  const trailer = answer.trailers[ERROR_TRAILER];
  if (trailer === undefined) return;
  throw fromErrorLine(JSON.parse(decodeURIComponent(trailer))) ?? fromProblem(undefined);
}

async function* lines<T>(ask: () => Promise<IncomingMessage>): AsyncGenerator<T, void, undefined> {
  // Safe: as in `json` above.
  yield* linesOf(await ask()) as AsyncGenerator<T, void, undefined>;
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  for await (const line of readLines(answer)) {
    const value: unknown = JSON.parse(line);
    const error = fromErrorLine(value);
    if (error !== undefined) throw error;
    yield value;
  }
}

async function* itemsOf(answer: IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  // Safe: the host writes these lines.
  for await (const line of linesOf(answer)) yield (line as ItemLine).item;
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
