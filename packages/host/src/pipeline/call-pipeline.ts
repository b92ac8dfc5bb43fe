import { PaddockError, quote } from "@paddock/contract";
import type { ChainLink } from "../permissions/call-chain.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { CallRecord } from "../telemetry/call-record.js";
import type { ActionSchemas } from "./action-schemas.js";
import { assertPlain } from "./assert-plain.js";
import { type Attempt, attempt, type RunAttempt } from "./attempt.js";
import { type BatchResult, runBatch } from "./batch.js";
import { Breaker, type Refusal } from "./breaker.js";
import { type CallOptions, type ReadCallOptions, readCallOptions } from "./call-options.js";
import type { OwnStage } from "./own-stage.js";
import { compose, type Handler, type PipelineCall, remainingMs } from "./pipeline.js";
import { CallQueue, type HasRoom } from "./queue.js";
import { shareKeyOf } from "./share-key.js";
import { stagesOf } from "./stages.js";
import { type CallTrace, TraceRecorder, timed, timedStage } from "./trace.js";
import { createTraceparents } from "./traceparent.js";
import { tell, watch } from "./watch-call.js";

export interface PipelineOptions {
  /** Gives a call to a guest, once. */
  readonly attempt: RunAttempt;
  /** Whether a call would be taken up at once. */
  readonly hasRoom: HasRoom;
  readonly refusal: Refusal;
  /** Checked by `readOwnStages`. */
  readonly ownStages: readonly OwnStage[];
  /** Hears of every call when it is over, with the time of each stage. */
  readonly onTrace: ((trace: CallTrace) => void) | undefined;
  /** Hears of every call when it is over. */
  readonly onCall: ((record: CallRecord) => void) | undefined;
}

/** What one loaded plugin's calls go through. */
interface PluginPipeline {
  readonly queue: CallQueue;
  readonly room: CallQueue;
  readonly breaker: Breaker;
  readonly run: Handler;
  /** The same stages, each with a clock. */
  readonly traced: Handler;
  readonly names: readonly string[];
}

/** Everything that happens to calls before a guest has them, and to answers after. */
export class CallPipeline {
  readonly #options: PipelineOptions;
  readonly #plugins = new Map<LoadedPlugin, PluginPipeline>();
  readonly #closing = new AbortController();
  readonly #nextTraceparent = createTraceparents();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Makes the stages of a plugin from what is configured for it. */
  add(plugin: LoadedPlugin, schemas: ReadonlyMap<string, ActionSchemas>): void {
    const queue = new CallQueue(plugin, this.#options.hasRoom);
    const room = new CallQueue(plugin, this.#options.hasRoom);
    const breaker = new Breaker(plugin, this.#options.refusal);
    const own = this.#options.ownStages;
    const named = stagesOf({ plugin, schemas, queue, room, breaker, own, closing: this.#closing.signal });
    const last = attempt(this.#options.attempt);
    this.#plugins.set(plugin, {
      queue,
      room,
      breaker,
      names: [...named.map(({ name }) => name), "attempt"],
      run: compose(
        named.flatMap(({ stage }) => stage ?? []),
        last,
      ),
      traced: compose(
        named.map(({ stage }, place) => timedStage(place, stage)),
        timed(named.length, last),
      ),
    });
  }

  /** Not async, and no promise but the call's own: this is the path that every call takes. */
  call(plugin: LoadedPlugin, action: string, payload: unknown, options?: CallOptions): Promise<unknown> {
    try {
      return this.#call(plugin, action, payload, readCallOptions(options), [], undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * One result for each payload, in order; a deadline that the options give is that of the whole. `find` is asked for
   * each: the plugin may be replaced meanwhile, and what is left goes to the new version.
   */
  batch(
    find: () => LoadedPlugin,
    action: string,
    payloads: readonly unknown[],
    options?: CallOptions,
  ): Promise<readonly BatchResult[]> {
    try {
      const read = readCallOptions(options);
      const { limits, settings } = find();
      const endsAt = read.timeoutMs === undefined ? undefined : performance.now() + read.timeoutMs;
      return runBatch(payloads, limits.concurrency * settings.instances.max, (payload) => {
        const withinMs = endsAt === undefined ? undefined : endsAt - performance.now();
        return this.#call(find(), action, payload, read, [], withinMs);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A plugin's call of another plugin: for the tenant, the person and the trace of the call it is made for, which it
   * does not outlive. `from` is who calls.
   */
  callFrom(
    from: {
      readonly link: ChainLink;
      readonly tenant: string;
      readonly signal: AbortSignal | undefined;
      /** What led to the work that calls: an event, where no call did. */
      readonly chain: readonly ChainLink[];
    },
    serves: Attempt | undefined,
    target: {
      readonly plugin: LoadedPlugin;
      readonly action: string;
      readonly payload: unknown;
      /** Aborts when nobody reads the answer any more. */
      readonly over: AbortSignal;
    },
    timeoutMs: number | undefined,
  ): Promise<unknown> {
    const { plugin, action, payload, over } = target;
    const gone = serves?.ended ?? from.signal;
    const leftMs = serves === undefined ? Number.POSITIVE_INFINITY : remainingMs(serves.call);
    const ownMs = timeoutMs ?? plugin.actions.get(action)?.timeoutMs ?? leftMs;
    const options: ReadCallOptions = {
      ...readCallOptions(undefined),
      tenant: serves?.tenant ?? from.tenant,
      caller: serves?.caller,
      signal: gone === undefined ? over : AbortSignal.any([gone, over]),
      traceparent: serves?.traceparent,
    };
    const chain = [...from.chain, from.link];
    return this.#call(plugin, action, payload, options, chain, Math.min(leftMs, ownMs)).then((answer) => {
      assertPlain(answer, plugin, action);
      return answer;
    });
  }

  /** Calls of a plugin that wait for room. */
  queued(plugin: LoadedPlugin): number {
    const stages = this.#plugins.get(plugin);
    return stages === undefined ? 0 : stages.queue.size + stages.room.size;
  }

  /** There may be room again for calls that wait. */
  onRoom(plugin: LoadedPlugin, shareKey: string): void {
    const stages = this.#plugins.get(plugin);
    // Those who have come further go first.
    stages?.room.onRoom(shareKey);
    stages?.queue.onRoom(shareKey);
  }

  /** The operator has put things right: an open circuit closes. */
  forgive(plugin: LoadedPlugin): void {
    this.#plugins.get(plugin)?.breaker.forgive();
  }

  /** Forgets a plugin that gets no more calls, once those that wait have gone on. */
  async drain(plugin: LoadedPlugin): Promise<void> {
    const stages = this.#plugins.get(plugin);
    await stages?.queue.drained();
    await stages?.room.drained();
    this.#plugins.delete(plugin);
  }

  /** Refuses what waits. May be called twice. */
  close(): void {
    const error = new PaddockError("HOST_CLOSED", "The host is closed.");
    this.#closing.abort(error);
    for (const { queue, room } of this.#plugins.values()) {
      queue.close(error);
      room.close(error);
    }
  }

  #call(
    plugin: LoadedPlugin,
    name: string,
    payload: unknown,
    options: ReadCallOptions,
    chain: readonly ChainLink[],
    withinMs: number | undefined,
  ): Promise<unknown> {
    const action = plugin.actions.get(name) ?? this.#unknown(plugin, name, options);
    const stages = this.#plugins.get(plugin);
    if (stages === undefined) throw notLoaded(plugin);
    const { tenant, caller, timeoutMs, signal, traceparent, files, fallback, onProgress, onTrace } = options;
    const { onTrace: onEveryTrace, onCall } = this.#options;
    const isTraced = onTrace !== undefined || onEveryTrace !== undefined;
    const call: PipelineCall = {
      plugin,
      action,
      payload,
      encoded: undefined,
      tenant,
      caller,
      chain,
      shareKey: shareKeyOf(plugin, tenant, caller),
      traceparent: traceparent ?? this.#nextTraceparent(),
      timeoutMs: withinMs ?? timeoutMs ?? action.timeoutMs,
      startedAt: performance.now(),
      signal,
      files,
      outputSchema: undefined,
      fallback,
      onProgress,
      trace: isTraced || onCall !== undefined ? new TraceRecorder() : undefined,
    };
    if (call.trace === undefined) return stages.run(call);
    return watch(call, call.trace, isTraced ? stages.traced : stages.run, {
      onTrace: [onTrace, onEveryTrace],
      names: isTraced ? stages.names : undefined,
      onCall,
    });
  }

  /** Operators count these calls, too. */
  #unknown({ manifest, actions }: LoadedPlugin, name: string, options: ReadCallOptions): never {
    const { onCall } = this.#options;
    const { tenant, traceparent = this.#nextTraceparent() } = options;
    const about = { plugin: manifest.id, version: manifest.version, action: undefined, tenant, traceparent };
    const record: CallRecord = {
      ...about,
      startedAt: Date.now(),
      durationMs: 0,
      code: "ACTION_NOT_FOUND",
      attempts: 0,
    };
    tell("onCall", () => onCall?.(record));
    throw noAction(manifest.id, [...actions.keys()], name);
  }
}

function noAction(plugin: string, known: readonly string[], name: unknown): PaddockError {
  const found = typeof name === "string" ? quote(name) : `of the type ${typeof name}`;
  return new PaddockError("ACTION_NOT_FOUND", `Plugin "${plugin}" has no action ${found}.`, {
    hint: `It has: ${known.join(", ")}.`,
  });
}

function notLoaded({ manifest }: LoadedPlugin): PaddockError {
  return new PaddockError("PLUGIN_NOT_FOUND", `Plugin "${manifest.id}" is not loaded any more.`);
}
