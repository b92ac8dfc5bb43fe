import type { Success } from "@paddock/contract";
import type { GuestEnd, KillReason } from "../isolation/isolation.js";
import type { AttachedCalls } from "./attached-calls.js";
import { Call, type CallOwner, type CallRequest } from "./call.js";
import { CallLimits } from "./call-limits.js";
import type { GuestConnection, Reply } from "./connection.js";
import type { Deadlines } from "./deadlines.js";
import type { GuestIdentity, LiveCalls } from "./guest.js";
import { endError, recycledError, replyError } from "./guest-errors.js";
import type { LoadedAction } from "./plugin.js";

export interface GuestCallsOptions {
  readonly identity: GuestIdentity;
  readonly connection: GuestConnection;
  /** What travels beside the messages of calls. */
  readonly attached: AttachedCalls;
  readonly deadlines: Deadlines;
  /** A call used up the operator's limit and does not heed its cancel. */
  readonly onStuck: (reason: KillReason) => void;
  /** A guest that had no room for another call has it again. */
  readonly onRoom: () => void;
  readonly isHookRunning: () => boolean;
}

/** The calls that one guest works on: each settles with its reply, at its deadline, or with the guest's end. */
export class GuestCalls implements CallOwner {
  readonly live: LiveCalls;
  readonly #options: GuestCallsOptions;
  readonly #connection: GuestConnection;
  readonly #limits: CallLimits;
  readonly #concurrency: number;
  readonly #isForAllTenants: boolean;
  /** Calls whose files are still being copied. */
  readonly #preparing = new Set<Call>();
  #open = 0;
  #served = 0;
  #given = 0;
  #idleSince = performance.now();
  #onIdle: (() => void)[] = [];

  constructor(options: GuestCallsOptions) {
    const { identity, connection, deadlines, onStuck, isHookRunning } = options;
    this.#options = options;
    this.#connection = connection;
    this.#limits = new CallLimits({
      plugin: identity.plugin,
      deadlines,
      isSent: (call) => connection.find(call.id) === call,
      cancel: (call) => connection.notify("$/cancel", `{"id":${call.id}}`),
      onStuck,
    });
    this.#concurrency = identity.plugin.limits.concurrency;
    this.#isForAllTenants = identity.plugin.settings.share === "plugin";
    const find = (id: number): CallRequest | undefined => {
      const call = connection.find(id);
      // An abandoned call gives no rights any more.
      return call instanceof Call && !call.isSettled ? call.request : undefined;
    };
    this.live = {
      has: (id) => find(id) !== undefined,
      find,
      get isStarting() {
        return isHookRunning();
      },
    };
  }

  /** Calls that the guest works on, abandoned ones included. */
  get open(): number {
    return this.#open;
  }

  /** Calls that it has answered. */
  get served(): number {
    return this.#served;
  }

  /** Whether more calls would probably end with the guest: one of them is past the operator's limit. */
  get isOverdue(): boolean {
    return this.#limits.isOverdue;
  }

  /** Whether it was ever given a call. */
  get isUsed(): boolean {
    return this.#given > 0;
  }

  /** Since when it has had nothing to do. */
  get idleSince(): number {
    return this.#open === 0 ? this.#idleSince : Number.POSITIVE_INFINITY;
  }

  /** It may be given calls from now on, and is kept for a while although none came yet. */
  expect(): void {
    this.#idleSince = performance.now();
  }

  /** Sends a call; it settles by itself. */
  send(call: Call): void {
    if (this.#options.attached.isPlain(call)) this.#sendNow(call, call.payload, "");
    else this.#prepare(call);
  }

  /** The call is the guest's from here on, also while its files are copied. */
  #prepare(call: Call): void {
    this.#take(call);
    this.#preparing.add(call);
    this.#options.attached.prepare(call, {
      send: (payload, more) => {
        this.#preparing.delete(call);
        this.#sendNow(call, payload, more);
      },
      refuse: (error) => {
        if (!this.#preparing.delete(call)) return;
        call.reject(error);
        this.#finish(call);
      },
    });
  }

  #sendNow(call: Call, payload: string, more: string): void {
    const { action, traceparent, tenant } = call.request;
    // A call that has no owner yet did not wait for a start: asking for the time would cost more than it tells.
    const waited = call.owner === undefined ? 0 : performance.now() - call.startedAt;
    const waitMs = Math.ceil(call.request.timeoutMs - waited);
    const whose = this.#isForAllTenants ? `,"tenant":"${tenant}"` : "";
    this.#give(
      call,
      "call",
      `{"action":${action.nameJson},"payload":${payload},"timeoutMs":${waitMs},"traceparent":"${traceparent}"${whose}${more}}`,
    );
  }

  /**
   * Gives it an event to handle: a call that nobody chose an action for, within the operator's limit. What it asks for
   * meanwhile is for the event's tenant, and for the plugins that led to it.
   */
  deliver(params: string, origin: Pick<CallRequest, "tenant" | "chain">): Promise<unknown> {
    const { plugin, tenant } = this.#options.identity;
    const { timeoutMs } = plugin.limits;
    const action: LoadedAction = { ...EVENT, timeoutMs };
    const call = new Call(
      { action, ...origin, traceparent: "", timeoutMs, signal: undefined, shareKey: tenant },
      params,
    );
    this.#give(call, "event", params);
    return call.promise;
  }

  /** Resolves when it works on nothing. */
  untilIdle(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  onReply(call: Call, reply: Reply): void {
    if (reply.kind === "success") call.resolve(reply.result);
    else if (!call.isSettled)
      call.reject(
        call.streams?.sourceError ?? replyError(this.#options.identity, call.request.action, reply.error),
      );
    this.#finish(call);
  }

  onAttached(call: Call, reply: Success): string | undefined {
    return this.#options.attached.accept(call, reply, () => {
      this.#connection.release(call.id);
      call.finish();
      this.#finish(call);
    });
  }

  /** It is answered, and what travelled beside it has arrived. */
  #finish(call: Call): void {
    const wasFull = this.#open === this.#concurrency || this.#limits.isOverdue;
    this.#limits.forget(call);
    if (!isPlain(call)) this.#options.attached.release(call);
    this.#served++;
    this.#open--;
    // Before it counts as idle: whoever waits may give it the next call now.
    if (wasFull) this.#options.onRoom();
    if (this.#open > 0) return;
    this.#idleSince = performance.now();
    this.#limits.forgetPauses();
    this.#tellIdle();
  }

  onExpired(call: Call): void {
    this.#limits.onExpired(call);
  }

  onAbandoned(call: Call): void {
    this.#limits.onAbandoned(call);
  }

  /** The guest stands still. */
  pause(): void {
    this.#limits.pause();
  }

  resume(): void {
    this.#limits.resume();
  }

  /** The guest is gone: every call that is left learns why. */
  end(end: GuestEnd): void {
    const { identity } = this.#options;
    const sent = this.#connection.close().filter((target) => target instanceof Call);
    const calls = [...sent, ...this.#preparing];
    this.#preparing.clear();
    // Who is to blame cannot be known from outside: the call we ended it for, else the newest one.
    const guilty = this.#limits.guilty ?? newest(calls);
    for (const call of calls) {
      this.#limits.forget(call);
      if (!isPlain(call)) this.#options.attached.release(call);
      call.reject(
        call === guilty
          ? endError(identity, end, undefined, call.request.action)
          : recycledError(identity, call.request.action, end),
      );
    }
    this.#open = 0;
    this.#limits.close();
    this.#tellIdle();
  }

  #give(call: Call, method: string, params: string): void {
    if (call.owner !== this) this.#take(call);
    call.id = this.#connection.request(method, params, call);
  }

  #take(call: Call): void {
    call.owner = this;
    this.#open++;
    this.#given++;
    this.#limits.expectAnswer(call);
  }

  #tellIdle(): void {
    if (this.#onIdle.length === 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }
}

/** How messages name what a guest does with an event. */
const EVENT = { name: "event", nameJson: '"event"', isIdempotent: false, errors: {} } as const;

function newest(calls: readonly Call[]): Call | undefined {
  return calls.reduce<Call | undefined>(
    (one, call) => (one === undefined || call.startedAt >= one.startedAt ? call : one),
    undefined,
  );
}

/** Whether nothing was held for it besides the call itself. */
function isPlain({ streams, request }: Call): boolean {
  return streams === undefined && request.files === undefined;
}
