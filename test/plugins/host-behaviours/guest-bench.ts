import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isPaddockError, type Limits, PaddockError, presetLimits } from "@paddock/contract";
import { readManifest } from "../../../packages/host/src/bundle/read-manifest.js";
import {
  type EffectiveSettings,
  effectiveSettings,
} from "../../../packages/host/src/config/effective-settings.js";
import { createProcessIsolation } from "../../../packages/host/src/isolation/process/process.js";
import { ANSWER_WORKER_FILE } from "../../../packages/host/src/pipeline/answer-worker-file.js";
import { createNodeRuntime } from "../../../packages/host/src/runtimes/node.js";
import { FileRoom } from "../../../packages/host/src/streams/file-room.js";
import { JsonPool } from "../../../packages/host/src/streams/json/json-pool.js";
import type { CallRequest } from "../../../packages/host/src/supervisor/call.js";
import type { GuestLog } from "../../../packages/host/src/supervisor/guest-log.js";
import type { LoadedAction, LoadedPlugin } from "../../../packages/host/src/supervisor/plugin.js";
import { Supervisor } from "../../../packages/host/src/supervisor/supervisor.js";
import type { LifecycleEvent } from "../../../packages/host/src/telemetry/lifecycle-event.js";
import { makeTemporaryHome } from "./temporary-home.js";
import { writePlugin } from "./write-plugin.js";

/** A guest entry of the tests' own: it speaks the wire itself, and lies where `BEHAVIOUR` says so. */
const ENTRY = `
  const net = require("node:net");
  const socket = new net.Socket({ fd: 3 });
  const send = (message) => socket.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
  const welcome = ({ id, params: { nonce } }, more = {}) =>
    send({ id, result: { protocol: 1, nonce, actions: ["go"], ...more } });
  let rest = "";
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\\n");
    rest = lines.pop();
    for (const line of lines) on(JSON.parse(line));
  });
`;

const ACTION: LoadedAction = {
  name: "go",
  nameJson: '"go"',
  isIdempotent: false,
  timeoutMs: 2_000,
  errors: {},
};
/** As an operator gets them who says nothing; a test that crashes guests must not wait for the next one. */
const SETTINGS = effectiveSettings(
  {
    preset: "production",
    defaults: { restart: { crashes: 1_000, windowMs: 1_000 } },
    plugins: {},
  },
  { id: "acme/probe" },
);
const UIDS = { from: 2_000_000_000, count: 100_000 };

/** What a guest answers its host besides calls. */
export const WELCOME =
  'if (m.method === "initialize") return welcome(m); if (m.method === "ping") return send({ id: m.id, result: { ready: true } });';
const SHUTDOWN = 'if (m.method === "shutdown") return process.exit(0);';

/** The behaviour of a guest that greets its host properly, and then does this in every call `m`. */
export const serving = (onCall: string) =>
  `function on(m) { ${WELCOME} ${SHUTDOWN} if (m.method === "call") { ${onCall} } }`;

/** What a guest asked of its host. */
export interface Asked {
  readonly method: string;
  /** Whether the call that it named was live then. */
  readonly isLive: boolean;
}

/** A supervisor over real walls, for guests that speak the wire as they like. */
export interface GuestBench {
  readonly supervisor: Supervisor;
  readonly logs: readonly GuestLog[];
  readonly asked: readonly Asked[];
  /** What the supervisor told of plugins and guests. */
  readonly events: readonly LifecycleEvent[];
  createPlugin(
    behaviour: string,
    limits?: Partial<Limits>,
    settings?: Partial<EffectiveSettings>,
  ): Promise<LoadedPlugin>;
  call(plugin: LoadedPlugin, more?: Partial<CallRequest>, payload?: string): Promise<unknown>;
  /** The error of a call that must fail. */
  failureOf(pending: Promise<unknown>): Promise<PaddockError>;
  close(): Promise<void>;
}

export async function createGuestBench(): Promise<GuestBench> {
  const home = await makeTemporaryHome();
  const code = await writePlugin(join(home.path, "code"), { actions: { go: {} }, code: "" });
  await mkdir(join(code, "data"));
  const isolation = await createProcessIsolation({ home: home.path, uids: UIDS });
  const logs: GuestLog[] = [];
  const asked: Asked[] = [];
  const events: LifecycleEvent[] = [];
  let entries = 0;
  const fileRoom = new FileRoom(join(home.path, "files"));
  const json = new JsonPool(ANSWER_WORKER_FILE);
  const supervisor = new Supervisor({
    isolation,
    fileRoom,
    readJson: (stream, bounds) => json.read(stream, bounds),
    onLog: (log) => logs.push(log),
    onEvent: (event) => events.push(event),
    onRequest: async (_, { method, params }, live) => {
      // Safe: what a guest of these tests sends.
      const { call } = (params ?? {}) as { readonly call?: number };
      asked.push({ method, isLive: call !== undefined && live.has(call) });
      if (method !== "kv.get") throw new PaddockError("CAPABILITY_UNKNOWN", "There is no such thing.");
      return "value";
    },
  });
  return {
    supervisor,
    logs,
    asked,
    events,
    createPlugin: (behaviour, limits, settings) =>
      createPlugin(home.path, `${++entries}`, behaviour, limits, settings),
    call: (plugin, more = {}, payload = "null") => supervisor.call(plugin, { ...REQUEST, ...more }, payload),
    failureOf: async (pending) => {
      const error = await pending.then(
        (value) => new Error(`it answered ${JSON.stringify(value)}`),
        (thrown: unknown) => thrown,
      );
      if (!isPaddockError(error)) throw error;
      return error;
    },
    close: async () => {
      await supervisor.close();
      await json.close();
      await fileRoom.close();
      await isolation.close();
      await home.remove();
    },
  };
}

const REQUEST: CallRequest = {
  action: ACTION,
  tenant: "main",
  traceparent: `00-${"1".repeat(32)}-${"1".repeat(16)}-00`,
  timeoutMs: 5_000,
  signal: undefined,
  shareKey: "main",
};

async function createPlugin(
  home: string,
  name: string,
  behaviour: string,
  limits: Partial<Limits> = {},
  settings: Partial<EffectiveSettings> = {},
): Promise<LoadedPlugin> {
  const directory = join(home, "code");
  const entry = join(home, `entry-${name}`);
  await mkdir(entry, { mode: 0o755 });
  const guestEntry = join(entry, "guest-entry.js");
  await writeFile(guestEntry, `${ENTRY}\n${behaviour}`, { mode: 0o644 });
  const node = createNodeRuntime({ guestEntry, cacheDirectory: join(home, "cache") });
  const all = { ...presetLimits("production"), startTimeoutMs: 3_000, ...limits };
  const manifest = await readManifest(directory);
  return {
    manifest,
    digest: `sha256-${"0".repeat(64)}`,
    program: await node.program({ directory, entry: "main.js", manifest, memoryBytes: all.memoryBytes }),
    limits: all,
    config: {},
    permissions: {},
    actions: new Map([["go", ACTION]]),
    settings: { ...SETTINGS, ...settings },
    hasGuards: false,
    dataDirectory: (tenant) => ({ source: join(home, "data", `${name}-${tenant}`) }),
    assertUnchanged: async () => undefined,
  };
}
