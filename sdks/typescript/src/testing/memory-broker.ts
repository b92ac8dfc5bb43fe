import {
  type CapabilityId,
  type ErrorCode,
  isWithin,
  PaddockError,
  type Parameters,
  toPaddockError,
} from "@paddock/contract";
import { createMemoryStore, type MemoryStore } from "./memory-store.js";
import { keep, type Recorder } from "./recorder.js";

/** Another plugin, as far as the one under test calls it. */
export type OtherPlugin = Readonly<Record<string, (payload: unknown) => unknown>>;

export interface BrokerOptions {
  /** Capability → what was granted of it, each entry on its own. */
  readonly granted: ReadonlyMap<CapabilityId, readonly Parameters[]>;
  /** By id, then by action. */
  readonly plugins: Readonly<Record<string, OtherPlugin>>;
  readonly recorder: Recorder;
}

/** One request of the plugin. */
export interface MemoryRequest {
  readonly tenant: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether the call that it names is running. */
  readonly isLive: boolean;
}

/** In place of a host's broker and providers: decides by what the test granted, and answers from memory. */
export interface MemoryBroker {
  /** Resolves with the result; rejects with the PaddockError that goes back to the plugin. */
  answer(request: MemoryRequest): Promise<unknown>;
  failNext(method: string, code: ErrorCode, message: string): void;
}

const CAPABILITY_OF: ReadonlyMap<string, CapabilityId> = new Map([
  ["kv.get", "storage.kv"],
  ["kv.set", "storage.kv"],
  ["kv.delete", "storage.kv"],
  ["kv.list", "storage.kv"],
  ["events.publish", "events.publish"],
  ["plugin.call", "plugin.call"],
]);

export function createMemoryBroker({ granted, plugins, recorder }: BrokerOptions): MemoryBroker {
  const stores = new Map<string, MemoryStore>();
  const planned: { readonly method: string; readonly error: PaddockError }[] = [];

  const decide = ({ method, params, isLive }: MemoryRequest): Parameters => {
    const capability = CAPABILITY_OF.get(method);
    if (capability === undefined) throw new PaddockError("CAPABILITY_UNKNOWN", `There is no "${method}".`);
    if (!isLive) {
      throw new PaddockError("CALL_NOT_LIVE", `Cannot do "${method}": it named no call that is running.`);
    }
    const own = granted.get(capability) ?? [];
    if (own.length === 0) {
      throw new PaddockError("CAPABILITY_NOT_DECLARED", `"${capability}" was not granted to this test host.`);
    }
    const asked = askedBy(method, params);
    const fitting = own.find((one) => asked === undefined || isWithin(capability, asked, one));
    if (fitting !== undefined) return fitting;
    throw new PaddockError("CAPABILITY_NOT_DECLARED", `"${capability}" was granted, and not for this.`);
  };

  const serve = async ({ tenant, method, params }: MemoryRequest, allowed: Parameters): Promise<unknown> => {
    if (method === "events.publish") {
      keep(recorder.events, { tenant, topic: String(params.topic), payload: params.payload });
      return {};
    }
    if (method === "plugin.call") return { value: await callOther(plugins, params) };
    const store = stores.get(tenant) ?? createMemoryStore();
    stores.set(tenant, store);
    return store.answer(method, params, Number(allowed.maxBytes ?? 0));
  };

  return {
    answer: async (request) => {
      const { tenant, method, params } = request;
      const { call: _, ...rest } = params;
      const about = { tenant, method, capability: CAPABILITY_OF.get(method), params: rest };
      try {
        const allowed = decide(request);
        const at = planned.findIndex((one) => one.method === method);
        const [failure] = at === -1 ? [] : planned.splice(at, 1);
        if (failure !== undefined) throw failure.error;
        const result = await serve(request, allowed);
        keep(recorder.requests, { ...about, outcome: "allowed" });
        return result;
      } catch (thrown) {
        const error = toPaddockError(thrown, `do "${method}"`);
        keep(recorder.requests, { ...about, outcome: error.code });
        throw error;
      }
    },
    failNext: (method, code, message) => {
      if (!CAPABILITY_OF.has(method)) {
        throw new PaddockError("USAGE_INVALID", `Cannot fail "${method}": no plugin can ask for that.`, {
          hint: `One of ${[...CAPABILITY_OF.keys()].join(", ")}.`,
        });
      }
      planned.push({ method, error: new PaddockError(code, message) });
    },
  };
}

/** The parameters that one request needs, where a grant of the capability may be for something else. */
function askedBy(method: string, params: Readonly<Record<string, unknown>>): Parameters | undefined {
  if (method === "events.publish") return { topics: [String(params.topic)] };
  if (method !== "plugin.call") return undefined;
  return { plugin: String(params.plugin), actions: [String(params.action)] };
}

async function callOther(
  plugins: Readonly<Record<string, OtherPlugin>>,
  { plugin, action, payload }: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const id = String(plugin);
  const actions = Object.hasOwn(plugins, id) ? plugins[id] : undefined;
  if (actions === undefined) throw new PaddockError("PLUGIN_NOT_FOUND", `Plugin "${id}" is not loaded.`);
  const run = Object.hasOwn(actions, String(action)) ? actions[String(action)] : undefined;
  if (run === undefined) {
    throw new PaddockError("ACTION_NOT_FOUND", `Plugin "${id}" has no action "${String(action)}".`);
  }
  return (await run(payload)) ?? null;
}
