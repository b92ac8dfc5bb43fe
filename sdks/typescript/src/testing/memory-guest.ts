import {
  copyValue,
  isErrorCode,
  isPaddockError,
  MAX_INLINE_BYTES,
  PaddockError,
  toPaddockError,
  type WireError,
} from "@paddock/contract";
import type { Plugin } from "../define-plugin.js";
import { type Action, readActions } from "../guest/actions.js";
import { CallContext, createPluginContext, type GuestState } from "../guest/call-context.js";
import { checkSchema, SchemaRefusal } from "../guest/check-schema.js";
import { readEventHandlers } from "../guest/event-handlers.js";
import { Events } from "../guest/events.js";
import { startFailure, toWireError, wireError } from "../guest/failures.js";
import { Requests } from "../guest/requests.js";
import type { MemoryBroker } from "./memory-broker.js";
import { type MemoryFiles, takeOutput } from "./memory-files.js";
import { keep, type Recorder } from "./recorder.js";
import type { TestCallOptions } from "./test-host.js";

export interface MemoryGuestOptions {
  readonly plugin: Plugin;
  readonly tenant: string;
  readonly config: unknown;
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly broker: MemoryBroker;
  readonly recorder: Recorder;
  readonly files: MemoryFiles;
}

/** One tenant's plugin, running in this process with the very context that it has behind walls. */
export interface MemoryGuest {
  call(action: string, payload: unknown, options: TestCallOptions): Promise<unknown>;
  publish(topic: string, payload: unknown, from: string | undefined): Promise<void>;
  /** Runs the plugin's hook, and removes its files. Rejects with what the hook threw. */
  shutdown(): Promise<void>;
}

/** What a plugin sends its host, parsed. */
interface GuestMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly error?: WireError;
}

/** Runs the plugin's `init`. Rejects with START_FAILED. */
export async function startMemoryGuest(options: MemoryGuestOptions): Promise<MemoryGuest> {
  const { plugin, tenant, config, permissions, broker, recorder, files } = options;
  /** Calls and events that are running; hooks have no number. */
  const live = new Set<number>();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let lastId = 0;
  let isInHook = true;

  const requests = new Requests((line) => receive(line));
  requests.maxBytes = MAX_INLINE_BYTES;
  const state: GuestState = {
    tenant,
    config,
    permissions,
    requests,
    sink: { send: (line) => receive(line), maxBytes: MAX_INLINE_BYTES },
    // Looked at when an action first uses files.
    get outbox() {
      return files.outbox();
    },
  };

  const receive = (line: string): void => {
    // Safe: the SDK wrote it a moment ago.
    const { id, method, params = {}, error } = JSON.parse(line) as GuestMessage;
    if (id === undefined) note(recorder, tenant, live, method, params);
    else if (method === undefined) settle(waiting.get(id), error);
    else void answer(id, method, params);
  };

  const answer = async (
    id: number,
    method: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const { call } = params;
    const isLive = typeof call === "number" ? live.has(call) : isInHook;
    try {
      requests.succeed(id, copyValue(await broker.answer({ tenant, method, params, isLive })));
    } catch (thrown) {
      const { code, message, data } = toPaddockError(thrown, `do "${method}"`);
      requests.fail(id, wireError(code, message, data));
    }
  };

  const hooked = async <T>(work: () => Promise<T>): Promise<T> => {
    isInHook = true;
    try {
      return await work();
    } finally {
      isInHook = false;
    }
  };

  let actions: ReadonlyMap<string, Action>;
  let events: Events | undefined;
  const context = createPluginContext(state);
  try {
    actions = readActions(plugin);
    const handlers = readEventHandlers(plugin);
    events = handlers === undefined ? undefined : new Events(handlers, state);
    await hooked(async () => plugin.init?.(context));
  } catch (thrown) {
    throw toError(startFailure(thrown), "start the plugin");
  }

  return {
    call: async (name, payload, { timeoutMs, signal, files: brought }) => {
      const action = actions.get(name);
      if (action === undefined) {
        const hint = `It has: ${[...actions.keys()].join(", ")}.`;
        throw new PaddockError("ACTION_NOT_FOUND", `The plugin has no action "${name}".`, { hint });
      }
      const input = copyInput(payload, name);
      const id = ++lastId;
      const inbox = brought === undefined ? undefined : await files.place(id, brought);
      const callContext = new CallContext(state, id, timeoutMs, inbox === undefined ? {} : { files: inbox });
      live.add(id);
      const limits = startLimits(name, timeoutMs, signal);
      try {
        const result = perform(action, input, callContext);
        // Nobody may be waiting for it any more when it fails.
        result.catch(() => undefined);
        return copyValue(await Promise.race([result, limits.passed]), takeOutput);
      } catch (thrown) {
        CallContext.cancel(callContext);
        if (limits.error !== undefined) throw limits.error;
        if (isPaddockError(thrown, "FILE_REFUSED")) throw thrown;
        const error = thrown instanceof SchemaRefusal ? thrown.reply : toWireError(thrown, false);
        throw toError(error, `run "${name}"`);
      } finally {
        limits.end();
        live.delete(id);
        CallContext.removeFiles(callContext);
        if (inbox !== undefined) await files.remove(id);
      }
    },
    publish: async (topic, payload, from) => {
      if (events === undefined) return;
      const id = ++lastId;
      const done = Promise.withResolvers<void>();
      live.add(id);
      waiting.set(id, done);
      await events.receive(id, {
        topic,
        payload: copyInput(payload, topic),
        ...(from === undefined ? {} : { from }),
      });
      live.delete(id);
      waiting.delete(id);
      await done.promise;
    },
    shutdown: async () => {
      try {
        await hooked(async () => plugin.shutdown?.(context));
      } catch (thrown) {
        throw toError(toWireError(thrown, false), "shut the plugin down");
      } finally {
        await files.close();
      }
    },
  };
}

/** The plugin's notifications. */
function note(
  { logs, progress }: Recorder,
  tenant: string,
  live: ReadonlySet<number>,
  method: string | undefined,
  params: Readonly<Record<string, unknown>>,
): void {
  if (method === "log") {
    // Safe: the SDK wrote it, level and all.
    const { level, message, fields = {} } = params as unknown as Recorder["logs"][number];
    keep(logs, { tenant, level, message, fields });
  } else if (method === "progress" && live.has(Number(params.call))) {
    // Safe, as above.
    const { fraction, message } = params as unknown as Recorder["progress"][number];
    keep(progress, { tenant, fraction, message });
  }
}

function settle(waiting: PromiseWithResolvers<void> | undefined, error: WireError | undefined): void {
  if (error === undefined) waiting?.resolve();
  else waiting?.reject(toError(error, "handle the event"));
}

async function perform(
  { run, self, input, output }: Action,
  payload: unknown,
  context: CallContext,
): Promise<unknown> {
  const checked = input === undefined ? payload : await checkSchema(input, payload, "INPUT_INVALID");
  const result = await run.call(self, checked, context);
  return output === undefined ? result : checkSchema(output, result, "OUTPUT_INVALID");
}

/** Deadline and cancellation of one call. */
function startLimits(action: string, timeoutMs: number | undefined, signal: AbortSignal | undefined) {
  const { promise, reject } = Promise.withResolvers<never>();
  const limits = { passed: promise, error: undefined as PaddockError | undefined, end };
  const stop = (error: PaddockError) => {
    limits.error = error;
    reject(error);
  };
  const cancel = () =>
    stop(new PaddockError("CANCELLED", `Cannot run "${action}": the caller cancelled it.`));
  const late = () =>
    stop(new PaddockError("TIMEOUT", `Cannot run "${action}": no answer within ${timeoutMs} ms.`));
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  promise.catch(() => undefined);
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return limits;

  function end(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

function copyInput(payload: unknown, subject: string): unknown {
  try {
    return copyValue(payload);
  } catch (cause) {
    throw new PaddockError("USAGE_INVALID", `Cannot run "${subject}": the payload is not JSON.`, { cause });
  }
}

function toError({ message, data = {} }: WireError, doing: string): PaddockError {
  const { code, denial, ...rest } = data;
  // A denial that the plugin did not catch: what it needs is a permission, not a repair.
  const denied = rest.capability === undefined ? undefined : denial;
  const known = [denied, code].find(isErrorCode) ?? "PLUGIN_BUG";
  return new PaddockError(known, `Cannot ${doing}: ${message}`, { data: rest });
}
