import { randomBytes } from "node:crypto";
import {
  isPaddockError,
  type LogParams,
  type Notification,
  PaddockError,
  type Request,
} from "@paddock/contract";
import type { GuestEnd, GuestProcess, Isolation, KillReason } from "../isolation/isolation.js";
import { LogBudget } from "../log-budget.js";
import { Call, type CallOwner } from "./call.js";
import { lateStart, startedLate, unanswered } from "./call-errors.js";
import { GuestConnection, type Reply } from "./connection.js";
import type { Deadlines } from "./deadlines.js";
import { endError, recycledError, replyError } from "./guest-errors.js";
import { type GuestLog, readLog } from "./guest-log.js";
import { assertHandshake, handshakeParams } from "./handshake.js";
import { launchSpec } from "./launch-spec.js";
import type { LoadedPlugin } from "./plugin.js";
import { toWireError } from "./wire-error.js";

/** How long a cancelled call may take to answer before its guest is ended. */
export const CANCEL_GRACE_MS = 500;

/** How long a guest may live on without its channel: ending takes a moment. */
const CHANNEL_GRACE_MS = 500;

/** How long a guest may take for its shutdown hook. */
export const SHUTDOWN_MS = 1_000;

/** Answers the capability requests of guests. */
export type RequestHandler = (guest: Guest, request: Request, live: LiveCalls) => Promise<unknown>;

export interface GuestIdentity {
  readonly plugin: LoadedPlugin;
  readonly tenant: string;
}

/** Who asks: one object for the whole life of a guest. */
export interface Guest extends GuestIdentity {
  /** Aborts when the guest ends. */
  readonly signal: AbortSignal;
}

/** What a guest may act for. */
export interface LiveCalls {
  readonly has: (id: number) => boolean;
  /** True while its init hook runs. */
  readonly isStarting: boolean;
}

export interface GuestSurroundings {
  readonly isolation: Isolation;
  readonly deadlines: Deadlines;
  readonly onRequest: RequestHandler;
  readonly onLog: (log: GuestLog) => void;
}

/**
 * One running guest, from launch to end. Calls are pipelined; every call that was given to it settles: with
 * its reply, at its deadline, or with the reason why the guest ended.
 */
export class GuestSession implements CallOwner {
  readonly process: GuestProcess;
  readonly startedAt = performance.now();
  readonly ended: Promise<GuestEnd>;
  /** "ending" is a guest that is being killed, or has lost its channel: no call is to be given to it any more. */
  #state: "starting" | "ready" | "retired" | "stopping" | "ending" | "ended" = "starting";
  readonly #identity: GuestIdentity;
  readonly #surroundings: GuestSurroundings;
  readonly #connection: GuestConnection;
  readonly #gone = new AbortController();
  readonly #logBudget: LogBudget;
  /** Ends the wait of a start when the guest breaks the protocol. */
  #onViolation: ((error: Error) => void) | undefined;
  #idleSince = performance.now();
  #onIdle: (() => void) | undefined;
  /** The call that made us end the guest. */
  #guilty: Call | undefined;

  /** Launches a guest and sees it through its handshake. Rejects with the reason, and nothing is left. */
  static async start(
    identity: GuestIdentity,
    surroundings: GuestSurroundings,
    signal: AbortSignal,
  ): Promise<GuestSession> {
    const { plugin } = identity;
    const limit = AbortSignal.timeout(plugin.limits.startTimeoutMs);
    const stop = AbortSignal.any([signal, limit]);
    let process: GuestProcess | undefined;
    try {
      process = await surroundings.isolation.launch(
        launchSpec(plugin, identity.tenant, surroundings.onLog),
        stop,
      );
      const session = new GuestSession(identity, surroundings, process);
      await session.#handshake(stop);
      return session;
    } catch (error) {
      const isLate = limit.aborted && !isPaddockError(error);
      process?.kill(isLate ? { code: "TIMEOUT", message: startedLate(plugin) } : FAILED_START);
      await process?.ended;
      throw isLate ? lateStart(plugin) : error;
    }
  }

  private constructor(identity: GuestIdentity, surroundings: GuestSurroundings, process: GuestProcess) {
    this.#identity = identity;
    this.#surroundings = surroundings;
    this.process = process;
    this.#logBudget = new LogBudget(identity.plugin.limits.logLinesPerSecond);
    const guest: Guest = { ...identity, signal: this.#gone.signal };
    this.#connection = new GuestConnection(process.channel, identity.plugin.limits.messageBytes, {
      request: (request) => surroundings.onRequest(guest, request, this.#live),
      notification: (notification) => this.#onNotification(notification),
      violation: (words) => this.#onProtocolViolation(words),
      toWireError,
    });
    this.ended = process.ended.then((end) => this.#onEnd(end));
    process.channel.once("close", () => this.#onChannelClosed());
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Calls that the guest works on, abandoned ones included. */
  get load(): number {
    return this.#connection.unanswered;
  }

  get isClogged(): boolean {
    return this.#connection.isClogged;
  }

  /** Since when it has had nothing to do. */
  get idleSince(): number {
    return this.#connection.unanswered === 0 ? this.#idleSince : Number.POSITIVE_INFINITY;
  }

  /** Sends a call; it settles by itself. */
  send(call: Call): void {
    const { payload } = call;
    const { action, traceparent } = call.request;
    // A call that has no owner yet did not wait for a start: asking for the time would cost more than it tells.
    const waited = call.owner === undefined ? 0 : performance.now() - call.startedAt;
    const waitMs = Math.ceil(call.request.timeoutMs - waited);
    call.owner = this;
    call.id = this.#connection.request(
      "call",
      `{"action":${action.nameJson},"payload":${payload},"timeoutMs":${waitMs},"traceparent":"${traceparent}"}`,
      call,
    );
    this.#surroundings.deadlines.add(
      call,
      call.startedAt + Math.min(call.request.timeoutMs, action.timeoutMs),
    );
  }

  /** Takes no more calls and ends once those it has are done. */
  async retire(reason: KillReason): Promise<void> {
    if (this.#state !== "ready") return;
    this.#state = "retired";
    if (this.#connection.unanswered > 0)
      await Promise.race([this.ended, new Promise<void>((resolve) => (this.#onIdle = resolve))]);
    await this.stop(reason);
  }

  /** Asks it to shut down, then ends it. Calls that are still there get the reason. */
  async stop(reason: KillReason): Promise<void> {
    if (this.#state === "ready" || this.#state === "retired") {
      this.#state = "stopping";
      const answered = new Promise<void>((resolve) =>
        this.#connection.request("shutdown", "{}", { onReply: () => resolve() }),
      );
      const { promise, clear } = expireAfter(SHUTDOWN_MS);
      await Promise.race([this.ended, answered, promise]);
      clear();
    }
    this.process.kill(reason);
    await this.ended;
  }

  // A call's deadline has passed: the caller's first, then the operator's.
  onExpired(call: Call): void {
    const { action, timeoutMs } = call.request;
    const runMs = performance.now() - call.startedAt;
    if (runMs < action.timeoutMs - 1) {
      call.reject(unanswered(this.#identity.plugin, action, timeoutMs, "timeoutMs"));
      this.onAbandoned(call);
      return;
    }
    call.reject(unanswered(this.#identity.plugin, action, action.timeoutMs, "limits.timeout"));
    if (runMs < action.timeoutMs + CANCEL_GRACE_MS - 1) {
      this.#cancel(call);
      this.#surroundings.deadlines.add(call, call.startedAt + action.timeoutMs + CANCEL_GRACE_MS);
      return;
    }
    this.#guilty = call;
    this.#end({
      code: "TIMEOUT",
      message: `"${action.name}" did not end within ${action.timeoutMs} ms, nor when it was cancelled`,
    });
  }

  /** Nobody waits for the answer any more; what the guest does with it is still limited by the operator. */
  onAbandoned(call: Call): void {
    if (this.#connection.find(call.id) !== call) return;
    this.#cancel(call);
    this.#surroundings.deadlines.add(call, call.startedAt + call.request.action.timeoutMs);
  }

  readonly #live: LiveCalls = (() => {
    const session = this;
    return {
      has: (id: number) => {
        const call = session.#connection.find(id);
        // An abandoned call gives no rights any more.
        return call instanceof Call && !call.isSettled;
      },
      get isStarting() {
        return session.#state === "starting" || session.#state === "stopping";
      },
    };
  })();

  async #handshake(signal: AbortSignal): Promise<void> {
    const { plugin, tenant } = this.#identity;
    const nonce = randomBytes(16).toString("hex");
    const reply = await this.#request(
      "initialize",
      JSON.stringify(handshakeParams(plugin, tenant, nonce)),
      signal,
    );
    if (reply.kind === "failure") throw replyError(this.#identity, undefined, reply.error);
    assertHandshake(plugin, nonce, reply.result);
    // It may have lost its channel meanwhile.
    if (this.#state === "starting") this.#state = "ready";
    // Not waited for; a guest that cannot be confined is not kept.
    this.process.confineCpu().catch((error: unknown) => {
      this.process.kill({
        code: "SETUP_FAILED",
        message: `its processors could not be limited: ${String(error)}`,
      });
    });
  }

  /** One request outside of calls: settles with the reply, the signal, or the guest's end. */
  #request(method: string, params: string, signal: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      const done = () => signal.removeEventListener("abort", abort);
      this.#onViolation = reject;
      this.#connection.request(method, params, {
        onReply: (reply) => {
          done();
          resolve(reply);
        },
      });
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      void this.ended.then((end) => {
        done();
        reject(endError(this.#identity, end, "START_FAILED"));
      });
    });
  }

  onReply(call: Call, reply: Reply): void {
    this.#surroundings.deadlines.remove(call);
    if (reply.kind === "success") call.resolve(reply.result);
    else if (!call.isSettled) call.reject(replyError(this.#identity, call.request.action, reply.error));
    if (this.#connection.unanswered === 0) {
      this.#idleSince = performance.now();
      this.#onIdle?.();
    }
  }

  #onNotification(notification: Notification): void {
    if (notification.method === "log") {
      const dropped = this.#logBudget.take();
      if (dropped === undefined) return;
      // Safe: readLog takes nothing of it for granted.
      const log = readLog(this.#identity, notification.params as LogParams, dropped);
      if (log !== undefined) this.#surroundings.onLog(log);
    }
    // Others (progress, and what newer guests may send) say nothing to this host.
  }

  #onProtocolViolation(words: string): void {
    this.#onViolation?.(
      new PaddockError(
        "PROTOCOL_VIOLATION",
        `Plugin "${this.#identity.plugin.manifest.id}" broke the protocol: ${words}.`,
      ),
    );
    this.#end({ code: "PROTOCOL_VIOLATION", message: `it sent ${words}` });
  }

  /** A guest that ends takes its channel with it; one that only closes the channel would wait for calls for ever. */
  #end(reason: KillReason): void {
    this.#leave();
    this.process.kill(reason);
  }

  #leave(): void {
    if (this.#state !== "ended") this.#state = "ending";
  }

  #onChannelClosed(): void {
    this.#leave();
    const { promise, clear } = expireAfter(CHANNEL_GRACE_MS);
    void this.ended.then(clear);
    void promise.then(() =>
      this.process.kill({ code: "PROTOCOL_VIOLATION", message: "it closed its channel" }),
    );
  }

  #cancel(call: Call): void {
    this.#connection.notify("$/cancel", `{"id":${call.id}}`);
  }

  #onEnd(end: GuestEnd): GuestEnd {
    this.#state = "ended";
    this.#gone.abort();
    const calls = this.#connection.close().filter((target) => target instanceof Call);
    // Who is to blame cannot be known from outside: the call we ended it for, else the newest one.
    const guilty = this.#guilty ?? newest(calls);
    for (const call of calls) {
      this.#surroundings.deadlines.remove(call);
      call.reject(
        call === guilty
          ? endError(this.#identity, end, undefined, call.request.action)
          : recycledError(this.#identity, call.request.action, end),
      );
    }
    return end;
  }
}

function newest(calls: readonly Call[]): Call | undefined {
  return calls.reduce<Call | undefined>(
    (one, call) => (one === undefined || call.startedAt >= one.startedAt ? call : one),
    undefined,
  );
}

const FAILED_START: KillReason = { code: "KILLED", message: "its start failed" };

function expireAfter(ms: number): { readonly promise: Promise<void>; readonly clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, clear: () => clearTimeout(timer) };
}
