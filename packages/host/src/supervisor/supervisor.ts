import { isPaddockError, MAX_OUTBOUND_BYTES, PaddockError, toPaddockError } from "@paddock/contract";
import type { Isolation, KillReason, Posture, Usage } from "../isolation/isolation.js";
import { Call, type CallOwner, type CallRequest } from "./call.js";
import { type Failure, noRoom, notReady, overloaded, unavailable } from "./call-errors.js";
import { Deadlines } from "./deadlines.js";
import type { GuestLog } from "./guest-log.js";
import { GuestSession, type GuestSurroundings, type RequestHandler } from "./guest-session.js";
import type { LoadedPlugin } from "./plugin.js";
import { RestartBudget } from "./restart-budget.js";

/** Guests of one host at the same time. The one that was idle longest makes room. */
export const MAX_GUESTS = 256;
/** A guest that had nothing to do for so long is ended; the next call starts another. */
export const IDLE_END_MS = 600_000;
/** How often guests are looked at. */
export const TICK_MS = 1_000;
/** A guest that used so much of its processor time is replaced between calls, before the kernel ends it. */
export const CPU_RETIRE_PART = 0.8;

export interface SupervisorOptions {
  readonly isolation: Isolation;
  readonly onRequest: RequestHandler;
  readonly onLog: (log: GuestLog) => void;
}

export interface GuestReport {
  readonly tenant: string;
  readonly pid: number;
  readonly posture: Posture;
  readonly usage: Usage;
}

/** The place of one guest: of a plugin and a tenant. */
interface Slot {
  readonly plugin: LoadedPlugin;
  readonly tenant: string;
  session: GuestSession | undefined;
  starting: Promise<GuestSession> | undefined;
  /** Calls that came while it was starting, and what their payloads hold: bounded like those of a running guest. */
  waiting: number;
  waitingCharacters: number;
}

const CLOSING: KillReason = { code: "KILLED", message: "the host closed" };
const IDLE: KillReason = { code: "KILLED", message: "it was idle" };
const TIRED: KillReason = { code: "KILLED", message: "it neared its processor time" };
const DONE: KillReason = { code: "KILLED", message: "its call is done" };
const REPLACED: KillReason = { code: "KILLED", message: "the plugin was unloaded" };

/** Picks or starts a guest for every call, and sees that every call settles once. */
export class Supervisor {
  readonly #surroundings: GuestSurroundings;
  readonly #deadlines = new Deadlines();
  readonly #slots = new Map<LoadedPlugin, Map<string, Slot>>();
  readonly #budgets = new WeakMap<LoadedPlugin, RestartBudget>();
  /** Why a plugin failed last, for those who are refused meanwhile. */
  readonly #failures = new WeakMap<LoadedPlugin, Failure>();
  readonly #sessions = new Set<GuestSession>();
  readonly #starts = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #guests = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor({ isolation, onRequest, onLog }: SupervisorOptions) {
    this.#surroundings = { isolation, deadlines: this.#deadlines, onRequest, onLog };
  }

  /** Resolves with the plugin's answer; rejects with a PaddockError. */
  call(plugin: LoadedPlugin, request: CallRequest, payload: string): Promise<unknown> {
    const promise = this.#attempt(plugin, request, payload);
    return request.action.isIdempotent ? this.#retryOnce(plugin, request, payload, promise) : promise;
  }

  /** What stands around the living guests of a plugin, and what they use. */
  async report(plugin: LoadedPlugin): Promise<readonly GuestReport[]> {
    const slots = [...(this.#slots.get(plugin)?.values() ?? [])];
    const reports = slots.map(async ({ tenant, session }) =>
      session === undefined
        ? []
        : [
            {
              tenant,
              pid: session.process.pid,
              posture: session.process.posture,
              usage: await session.process.usage(),
            },
          ],
    );
    return (await Promise.all(reports)).flat();
  }

  /** Starts the guest of a tenant before anybody calls it. */
  async start(plugin: LoadedPlugin, tenant: string): Promise<void> {
    const slot = this.#slot(plugin, tenant);
    if (slot.session?.isReady !== true) await this.#start(slot);
  }

  /** Ends the guests of a plugin once their calls are done. */
  async unload(plugin: LoadedPlugin): Promise<void> {
    const slots = [...(this.#slots.get(plugin)?.values() ?? [])];
    this.#slots.delete(plugin);
    await Promise.all(slots.map(retireSlot));
  }

  async close(): Promise<void> {
    this.#closing.abort(new PaddockError("HOST_CLOSED", "The host is closed."));
    clearInterval(this.#ticker);
    await Promise.allSettled(this.#starts);
    await Promise.all([...this.#sessions].map((session) => session.stop(CLOSING)));
    this.#deadlines.close();
  }

  #attempt(plugin: LoadedPlugin, request: CallRequest, payload: string): Promise<unknown> {
    const call = new Call(request, payload);
    if (plugin.settings.share === "call") this.#callOnFreshGuest(plugin, call);
    else this.#callOnSharedGuest(plugin, call);
    return call.promise;
  }

  /** Only for a guest that ended because of another call; what the call itself did is not repeated. */
  async #retryOnce(
    plugin: LoadedPlugin,
    request: CallRequest,
    payload: string,
    promise: Promise<unknown>,
  ): Promise<unknown> {
    const startedAt = performance.now();
    try {
      return await promise;
    } catch (error) {
      const timeoutMs = request.timeoutMs - (performance.now() - startedAt);
      if (!isPaddockError(error, "GUEST_RECYCLED") || timeoutMs <= 0) throw error;
      return this.#attempt(plugin, { ...request, timeoutMs }, payload);
    }
  }

  #callOnSharedGuest(plugin: LoadedPlugin, call: Call): void {
    const slot = this.#slot(plugin, call.request.tenant);
    if (slot.session?.isReady === true) {
      send(plugin, slot.session, call);
      return;
    }
    if (slot.waiting >= plugin.limits.concurrency || slot.waitingCharacters > MAX_OUTBOUND_BYTES) {
      call.reject(overloaded(plugin, call.request.action, slot.waiting));
      return;
    }
    this.#whileStarting(call);
    slot.waiting++;
    slot.waitingCharacters += call.payload.length;
    const leave = () => {
      slot.waiting--;
      slot.waitingCharacters -= call.payload.length;
    };
    call.promise.then(leave, leave);
    this.#start(slot)
      .then((session) => {
        if (!call.isSettled) send(plugin, session, call);
      })
      .catch((error: unknown) => call.reject(error));
  }

  #callOnFreshGuest(plugin: LoadedPlugin, call: Call): void {
    const slot = emptySlot(plugin, call.request.tenant);
    this.#whileStarting(call);
    this.#start(slot)
      .then(async (session) => {
        if (!call.isSettled) send(plugin, session, call);
        await call.promise.catch(() => undefined);
        await session.stop(DONE);
      })
      .catch((error: unknown) => call.reject(error));
  }

  /** The caller's deadline covers the start of the guest; the start itself goes on for the next caller. */
  #whileStarting(call: Call): void {
    const { request } = call;
    const waiting: CallOwner = {
      onReply: () => undefined,
      onExpired: () => call.reject(notReady(request.action, request.timeoutMs)),
      onAbandoned: () => undefined,
    };
    call.owner = waiting;
    this.#deadlines.add(call, call.startedAt + request.timeoutMs);
    const done = () => {
      // Once a guest has it, the deadline is the guest's.
      if (call.owner === waiting) this.#deadlines.remove(call);
    };
    call.promise.then(done, done);
  }

  #slot(plugin: LoadedPlugin, tenant: string): Slot {
    const slots = this.#slots.get(plugin) ?? new Map<string, Slot>();
    this.#slots.set(plugin, slots);
    const slot = slots.get(tenant) ?? emptySlot(plugin, tenant);
    slots.set(tenant, slot);
    return slot;
  }

  /** One start at a time for a slot; everybody who needs the guest waits for the same one. */
  #start(slot: Slot): Promise<GuestSession> {
    if (slot.starting !== undefined) return slot.starting;
    const starting = this.#startGuest(slot).finally(() => {
      slot.starting = undefined;
      this.#starts.delete(starting);
    });
    slot.starting = starting;
    this.#starts.add(starting);
    return starting;
  }

  async #startGuest(slot: Slot): Promise<GuestSession> {
    const { plugin, tenant } = slot;
    this.#closing.signal.throwIfAborted();
    const budget = this.#budget(plugin);
    if (budget.waitMs > 0) throw unavailable(plugin, budget.waitMs, this.#failures.get(plugin));
    await this.#makeRoom(plugin);
    this.#guests++;
    try {
      const session = await GuestSession.start({ plugin, tenant }, this.#surroundings, this.#closing.signal);
      this.#sessions.add(session);
      this.#ticker ??= setInterval(() => this.#tick(), TICK_MS).unref();
      slot.session = session;
      void session.ended.then((end) => {
        this.#guests--;
        this.#sessions.delete(session);
        if (slot.session === session) slot.session = undefined;
        if (end.code === "KILLED") return;
        budget.recordFailure();
        this.#failures.set(plugin, { code: end.code ?? "CRASHED", message: end.message });
      });
      return session;
    } catch (error) {
      this.#guests--;
      const failure = toPaddockError(error, `start "${plugin.manifest.id}"`);
      // A host that lacks descriptors or disk, or is closing, is not the plugin's fault.
      if (failure.about.fault !== "host") {
        budget.recordFailure();
        this.#failures.set(plugin, { code: failure.code, message: failure.message });
      }
      throw failure;
    }
  }

  #budget(plugin: LoadedPlugin): RestartBudget {
    const budget = this.#budgets.get(plugin) ?? new RestartBudget();
    this.#budgets.set(plugin, budget);
    return budget;
  }

  async #makeRoom(plugin: LoadedPlugin): Promise<void> {
    if (this.#guests < MAX_GUESTS) return;
    let idlest: GuestSession | undefined;
    for (const session of this.#sessions) {
      if (session.idleSince < (idlest?.idleSince ?? Number.POSITIVE_INFINITY)) idlest = session;
    }
    if (idlest === undefined) throw noRoom(plugin, MAX_GUESTS);
    await idlest.retire(IDLE);
  }

  #tick(): void {
    const now = performance.now();
    for (const slots of this.#slots.values()) {
      for (const slot of slots.values()) {
        if (slot.session === undefined) {
          // Tenants come and go; an empty place is made again when it is needed.
          if (slot.starting === undefined) slots.delete(slot.tenant);
          continue;
        }
        if (now - slot.session.idleSince > IDLE_END_MS) this.#replace(slot, IDLE);
        else void this.#replaceWhenTired(slot, slot.session);
      }
    }
  }

  async #replaceWhenTired(slot: Slot, session: GuestSession): Promise<void> {
    const { cpuMs } = await session.process.usage();
    const isTired = (cpuMs ?? 0) > slot.plugin.limits.cpuTimeMs * CPU_RETIRE_PART;
    if (isTired && slot.session === session) this.#replace(slot, TIRED);
  }

  #replace(slot: Slot, reason: KillReason): void {
    void slot.session?.retire(reason);
    slot.session = undefined;
  }
}

function emptySlot(plugin: LoadedPlugin, tenant: string): Slot {
  return { plugin, tenant, session: undefined, starting: undefined, waiting: 0, waitingCharacters: 0 };
}

/** A guest that is still starting first gets the calls that wait for it. */
async function retireSlot(slot: Slot): Promise<void> {
  await slot.starting?.catch(() => undefined);
  await slot.session?.retire(REPLACED);
}

function send(plugin: LoadedPlugin, session: GuestSession, call: Call): void {
  if (session.load < plugin.limits.concurrency && !session.isClogged) session.send(call);
  else call.reject(overloaded(plugin, call.request.action, session.load));
}
