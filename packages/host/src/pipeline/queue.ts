import { PaddockError } from "@paddock/contract";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import { cancelled } from "./attempt.js";
import { FairQueue, type Ticket, type Waiting } from "./fair-queue.js";
import { type Handler, type PipelineCall, remainingMs, type Stage } from "./pipeline.js";
import { callerOf } from "./rate-limit.js";

/** Of payloads that wait for one plugin. */
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
const MIN_RETRY_AFTER_MS = 50;
const MAX_RETRY_AFTER_MS = 10_000;

/** Whether a call would be taken up at once. */
export type HasRoom = (plugin: LoadedPlugin, shareKey: string) => boolean;

/** One call in the queue. */
interface WaitingCall extends Waiting {
  readonly call: PipelineCall;
  readonly next: Handler;
  readonly resolve: (answer: Promise<unknown>) => void;
  readonly reject: (error: unknown) => void;
  readonly pool: FairQueue<WaitingCall>;
  ticket: Ticket<WaitingCall> | undefined;
  timer: NodeJS.Timeout | undefined;
  onAbort: (() => void) | undefined;
}

/**
 * Calls of one plugin that wait while every guest they may use is busy: bounded in number and in size, by turns
 * between tenants and, within a tenant, between callers. When it is full, whoever takes most of it loses the newest
 * of it to somebody who takes less.
 */
export class CallQueue {
  readonly #plugin: LoadedPlugin;
  readonly #hasRoom: HasRoom;
  /** By share key: calls of one pool can use the same guests. */
  readonly #pools = new Map<string, FairQueue<WaitingCall>>();
  #size = 0;
  #heldBytes = 0;
  #drained: (() => void)[] = [];
  /** How long it takes, on average, until another call may go on. */
  #intervalMs = MIN_RETRY_AFTER_MS;
  #lastTakenAt = 0;

  constructor(plugin: LoadedPlugin, hasRoom: HasRoom) {
    this.#plugin = plugin;
    this.#hasRoom = hasRoom;
  }

  get size(): number {
    return this.#size;
  }

  readonly stage: Stage = (next) => (call) => {
    const pool = this.#size === 0 ? undefined : this.#pools.get(call.shareKey);
    if (pool === undefined && this.#hasRoom(this.#plugin, call.shareKey)) return next(call);
    return this.#wait(call, next);
  };

  /** There may be room again for one pool. */
  onRoom(shareKey: string): void {
    const pool = this.#pools.get(shareKey);
    while (pool !== undefined && pool.size > 0 && this.#hasRoom(this.#plugin, shareKey)) {
      const waiting = pool.next();
      if (waiting === undefined) return;
      const now = performance.now();
      this.#intervalMs += (Math.min(MAX_RETRY_AFTER_MS, now - this.#lastTakenAt) - this.#intervalMs) / 8;
      this.#lastTakenAt = now;
      this.#leave(waiting);
      waiting.resolve(waiting.next(waiting.call));
    }
  }

  /** Resolves when nobody waits any more. */
  drained(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Refuses everybody who waits. */
  close(error: PaddockError): void {
    for (const pool of this.#pools.values()) {
      for (let one = pool.next(); one !== undefined; one = pool.next()) this.#refuse(one, error);
    }
  }

  #wait(call: PipelineCall, next: Handler): Promise<unknown> {
    if (call.signal?.aborted) return Promise.reject(cancelled(call));
    const leftMs = remainingMs(call);
    if (leftMs <= 0) return Promise.reject(waitedTooLong(call));
    const heldBytes = call.encoded?.heldBytes ?? 0;
    const most = this.#plugin.settings.queue.size;
    const weight = 1 / Math.max(1, most) + heldBytes / MAX_QUEUED_BYTES;
    if (!this.#makeRoom(call.tenant, weight, heldBytes)) return Promise.reject(this.#full(call));
    return new Promise((resolve, reject) => {
      const pool = this.#pool(call.shareKey);
      const waiting: WaitingCall = {
        tenant: call.tenant,
        caller: callerOf(call),
        weight,
        call,
        next,
        resolve,
        reject,
        pool,
        ticket: undefined,
        timer: setTimeout(() => this.#refuse(waiting, waitedTooLong(call)), leftMs),
        onAbort: undefined,
      };
      const { signal } = call;
      if (signal !== undefined) {
        waiting.onAbort = () => this.#refuse(waiting, cancelled(call));
        signal.addEventListener("abort", waiting.onAbort, { once: true });
      }
      if (this.#size === 0) this.#lastTakenAt = performance.now();
      waiting.ticket = pool.add(waiting);
      this.#size++;
      this.#heldBytes += heldBytes;
    });
  }

  /** Whether one more may wait; somebody heavier may have to go for it. */
  #makeRoom(tenant: string, weight: number, heldBytes: number): boolean {
    const most = this.#plugin.settings.queue.size;
    const isFull = () => this.#size >= most || this.#heldBytes + heldBytes > MAX_QUEUED_BYTES;
    if (most === 0 || heldBytes > MAX_QUEUED_BYTES) return false;
    while (isFull()) {
      const heaviest = this.#heaviest();
      if (heaviest === undefined || heaviest.weight <= this.#weightOf(tenant) + weight) return false;
      this.#refuse(heaviest.newest, this.#full(heaviest.newest.call));
    }
    return true;
  }

  #heaviest() {
    let found: ReturnType<FairQueue<WaitingCall>["heaviest"]>;
    for (const pool of this.#pools.values()) {
      const one = pool.heaviest();
      if (one !== undefined && one.weight > (found?.weight ?? 0)) found = one;
    }
    return found;
  }

  #weightOf(tenant: string): number {
    let weight = 0;
    for (const pool of this.#pools.values()) weight += pool.weightOf(tenant);
    return weight;
  }

  #pool(shareKey: string): FairQueue<WaitingCall> {
    const pool = this.#pools.get(shareKey) ?? new FairQueue<WaitingCall>();
    this.#pools.set(shareKey, pool);
    return pool;
  }

  #refuse(waiting: WaitingCall, error: PaddockError): void {
    this.#leave(waiting);
    waiting.reject(error);
  }

  #leave(waiting: WaitingCall): void {
    const { call, pool, ticket } = waiting;
    if (ticket === undefined) return;
    waiting.ticket = undefined;
    pool.remove(ticket);
    clearTimeout(waiting.timer);
    if (waiting.onAbort !== undefined) call.signal?.removeEventListener("abort", waiting.onAbort);
    if (pool.size === 0) this.#pools.delete(call.shareKey);
    this.#size--;
    this.#heldBytes -= call.encoded?.heldBytes ?? 0;
    if (this.#size === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  #full({ action }: PipelineCall): PaddockError {
    const { id } = this.#plugin.manifest;
    const estimateMs = Math.ceil(this.#size * this.#intervalMs);
    const retryAfterMs = Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, estimateMs));
    return new PaddockError(
      "OVERLOADED",
      `Cannot run "${action.name}" of "${id}": its guests are busy and ${this.#size} calls wait.`,
      {
        hint: `Call again in ${retryAfterMs} ms, or raise instances.max, limits.concurrency or queue.size.`,
        data: { plugin: id, action: action.name, waiting: this.#size, retryAfterMs },
      },
    );
  }
}

function waitedTooLong({ action, plugin, timeoutMs }: PipelineCall): PaddockError {
  const { id } = plugin.manifest;
  return new PaddockError(
    "TIMEOUT",
    `Cannot run "${action.name}" of "${id}": no guest was free within ${timeoutMs} ms.`,
    {
      hint: "Give it more time with timeoutMs, or more guests with instances.max.",
      data: { plugin: id, action: action.name, timeoutMs, bound: "timeoutMs" },
    },
  );
}
