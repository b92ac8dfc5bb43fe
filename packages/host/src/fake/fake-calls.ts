import { type PaddockError, toPaddockError } from "@paddock/contract";
import type { Host } from "../host-interface.js";
import { runBatch } from "../pipeline/batch.js";
import { readCallOptions } from "../pipeline/call-options.js";
import type { FakeEvents } from "./fake-events.js";
import type { FakeAction, FakeCall, LoadedFake } from "./fake-plugin.js";
import { fallbackOf } from "./fallback-of.js";
import { notThere, quoted } from "./not-there.js";
import { runFake } from "./run-fake.js";

/** One call that the application made, with what came of it once it has ended. */
export interface RecordedCall {
  readonly plugin: string;
  readonly action: string;
  readonly payload: unknown;
  readonly tenant: string;
  readonly caller: string | undefined;
  readonly outcome:
    | { readonly kind: "pending" }
    | { readonly kind: "success"; readonly value: unknown }
    | { readonly kind: "failure"; readonly error: PaddockError };
}

/** Calls that are remembered; older ones are forgotten first. */
export const MAX_RECORDED_CALLS = 10_000;

/** Calls of one batch that run at the same time. */
const BATCH_IN_FLIGHT = 8;

/** The calls of a fake host. `find` throws for plugins that are not there. */
export function createFakeCalls(
  find: (plugin: string) => LoadedFake,
  events: FakeEvents,
): Pick<Host, "call" | "batch"> & { readonly calls: readonly RecordedCall[] } {
  const calls: RecordedCall[] = [];

  const call: Host["call"] = async (plugin, action, payload, options) => {
    const run = findAction(find(plugin), action);
    const { tenant, caller, timeoutMs, signal, fallback, onProgress } = readCallOptions(options);
    const about = { plugin, action, tenant, caller };
    const at = record(calls, { ...about, payload, outcome: { kind: "pending" } });
    const abilities: Pick<FakeCall, "progress" | "publish"> = {
      progress: (fraction, message) =>
        onProgress?.({
          ...(fraction === undefined ? {} : { fraction }),
          ...(message === undefined ? {} : { message }),
        }),
      publish: (topic, what) => events.publish(what, { topic, tenant, from: plugin }),
    };
    try {
      const value = await runFake({ ...about, ...abilities, run, payload, timeoutMs, signal });
      at.outcome = { kind: "success", value };
      return value;
    } catch (thrown) {
      const error = toPaddockError(thrown, `run "${action}"`);
      at.outcome = { kind: "failure", error };
      return fallbackOf(fallback, error);
    }
  };

  const batch: Host["batch"] = async (plugin, action, payloads, options) => {
    findAction(find(plugin), action);
    const { timeoutMs } = readCallOptions(options);
    const endsAt = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    return runBatch(payloads, BATCH_IN_FLIGHT, (payload) => {
      // The deadline is that of the whole.
      const left = endsAt === undefined ? {} : { timeoutMs: Math.max(1, endsAt - performance.now()) };
      return call(plugin, action, payload, { ...options, ...left });
    });
  };

  return { call, batch, calls };
}

function findAction({ manifest, actions }: LoadedFake, name: string): FakeAction {
  const action = actions.get(name);
  if (action !== undefined) return action;
  const message = `Plugin "${manifest.id}" has no action ${quoted(name)}.`;
  throw notThere("ACTION_NOT_FOUND", message, "It has", [...actions.keys()]);
}

function record(calls: RecordedCall[], call: RecordedCall): { outcome: RecordedCall["outcome"] } {
  const own = { ...call };
  calls.push(own);
  if (calls.length > MAX_RECORDED_CALLS) calls.shift();
  return own;
}
