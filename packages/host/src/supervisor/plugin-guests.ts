import type { KillReason } from "../isolation/isolation.js";
import type { Call } from "./call.js";
import { overloaded, unready } from "./call-errors.js";
import type { Deadlines } from "./deadlines.js";
import { expectStart } from "./expect-start.js";
import { FreshGuests } from "./fresh-guests.js";
import { GuestPool } from "./guest-pool.js";
import type { GuestSession } from "./guest-session.js";
import { MAX_GUESTS } from "./host-guests.js";
import type { LoadedPlugin } from "./plugin.js";
import { guestTenant } from "./shared-tenant.js";
import { Standbys } from "./standbys.js";

const IDLE: KillReason = { code: "KILLED", message: "it was idle" };

export interface PluginGuestsPorts {
  readonly deadlines: Deadlines;
  /** Starts a guest, or rejects with the reason why there is none. */
  readonly launch: (tenant: string, isStandby: boolean) => Promise<GuestSession>;
  /** Whether a guest may be started that nobody waits for. */
  readonly mayFill: () => boolean;
  readonly onRoom: (shareKey: string) => void;
}

/** Which guest of a plugin serves which call. */
export class PluginGuests {
  readonly #plugin: LoadedPlugin;
  readonly #ports: PluginGuestsPorts;
  readonly #pools = new Map<string, GuestPool>();
  readonly #standbys: Standbys;
  readonly #starts = new Set<Promise<unknown>>();
  readonly #fresh: FreshGuests;

  constructor(plugin: LoadedPlugin, ports: PluginGuestsPorts) {
    this.#plugin = plugin;
    this.#ports = ports;
    this.#standbys = new Standbys(plugin.settings.instances.standby, {
      launch: (tenant) => this.#track(ports.launch(tenant, true)),
      end: (session) => void this.retire(session, IDLE),
      mayFill: ports.mayFill,
    });
    this.#fresh = new FreshGuests(plugin, {
      deadlines: ports.deadlines,
      takeStandby: (tenant) => {
        const standby = this.#standbys.take(tenant);
        this.#standbys.note(tenant);
        return standby;
      },
      launch: (tenant) => this.#launch(tenant),
      onGone: (tenant) => {
        ports.onRoom(tenant);
        this.#standbys.refillSoon();
      },
    });
  }

  /** Tenants that have guests now. */
  get tenants(): readonly string[] {
    return [...new Set([...this.#pools.values()].map(({ tenant }) => tenant))];
  }

  get waiting(): number {
    return [...this.#pools.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  isStandby(session: GuestSession): boolean {
    return this.#standbys.sessions.includes(session);
  }

  /** Gives a call to a guest, now or when one has started; or rejects it. */
  take(call: Call): void {
    if (this.#plugin.settings.share === "call") this.#fresh.take(call);
    else this.#giveShared(call);
  }

  hasRoom(shareKey: string): boolean {
    const { share, instances } = this.#plugin.settings;
    if (share === "call") return this.#fresh.hasRoom;
    return this.#pools.get(shareKey)?.hasRoom(instances.max) ?? true;
  }

  /** Resolves when a guest of this tenant is there that a call may use. */
  async start(tenant: string): Promise<void> {
    const whose = guestTenant(this.#plugin, tenant);
    const key = this.#keyOf(whose);
    if (key === undefined) {
      this.#standbys.note(whose);
      if (!this.#standbys.has(whose)) await this.#standbys.start(whose);
      return;
    }
    const pool = this.#pool(key, whose);
    if (pool.pick() !== undefined) return;
    const standby = this.#standbys.take(whose);
    if (standby !== undefined) this.#use(pool, standby);
    else await (pool.start ?? this.#startInto(pool));
  }

  /** Makes it known that this tenant is served, so that what is to be ready for it is started. */
  expect(tenant: string): void {
    const { share, instances } = this.#plugin.settings;
    const whose = guestTenant(this.#plugin, tenant);
    this.#standbys.note(whose);
    if (instances.min > 0 && share !== "call") this.#pool(this.#keyOf(whose) ?? `${whose}\n`, whose);
  }

  /** Starts what is to be there before anybody needs it. */
  fill(): void {
    const { min } = this.#plugin.settings.instances;
    for (const pool of this.#pools.values()) {
      while (this.#ports.mayFill() && pool.living + pool.starting < min)
        this.#startInto(pool).catch(() => undefined);
    }
    this.#standbys.fill();
  }

  /** Ends guests that nobody has used for long, and forgets places without guests. */
  endIdle(now: number): void {
    const { min, idleMs } = this.#plugin.settings.instances;
    for (const pool of this.#pools.values()) {
      for (const session of pool.sessions) {
        if (pool.living > min && now - session.calls.idleSince > idleMs) void this.retire(session, IDLE);
      }
      // Those of tenants who come no more: a host cannot keep guests ready for more of them than it may have guests.
      if (pool.isEmpty && (min === 0 || this.#pools.size > MAX_GUESTS)) this.#pools.delete(pool.key);
    }
    this.#standbys.endIdle(now, idleMs);
  }

  /** Takes a guest out of service; it ends once its calls are done. */
  async retire(session: GuestSession, reason: KillReason): Promise<void> {
    this.remove(session);
    await session.retire(reason);
  }

  /** Ends the guests once their calls are done, and those that are on their way after the calls that wait for them. */
  async drain(reason: KillReason): Promise<void> {
    while (this.#starts.size > 0) await Promise.allSettled(this.#starts);
    await this.renew(reason);
  }

  /** Ends the guests that are there once their calls are done. */
  async renew(reason: KillReason): Promise<void> {
    const pooled = [...this.#pools.values()].flatMap(({ sessions }) => sessions);
    await Promise.all([...pooled, ...this.#standbys.sessions].map((one) => this.retire(one, reason)));
  }

  /** The guests of one tenant are gone when it resolves. */
  async endTenant(tenant: string, sessions: Iterable<GuestSession>, reason: KillReason): Promise<void> {
    const own = [...sessions].filter(({ identity }) => identity.tenant === tenant);
    for (const session of own) this.remove(session);
    await Promise.all(own.map((session) => session.stop(reason)));
  }

  /** A guest is gone, or must get no more calls. */
  remove(session: GuestSession): void {
    this.#standbys.remove(session);
    for (const pool of this.#pools.values()) {
      if (!pool.sessions.includes(session)) continue;
      pool.remove(session);
      this.#ports.onRoom(pool.key);
    }
  }

  /** Calls that wait for a guest learn that none will come. */
  refuse(error: unknown): void {
    for (const pool of this.#pools.values()) pool.refuse(error);
  }

  /** Everybody who waits for room is to ask again. */
  announceRoom(): void {
    for (const key of this.#pools.keys()) this.#ports.onRoom(key);
  }

  close(): void {
    this.#standbys.close();
  }

  #giveShared(call: Call): void {
    const { max } = this.#plugin.settings.instances;
    const { shareKey, tenant, action } = call.request;
    const pool = this.#pools.get(shareKey) ?? this.#pool(shareKey, guestTenant(this.#plugin, tenant));
    const session = pool.pick();
    if (session !== undefined) {
      session.send(call);
      if (max > 1 && session.load > 1) this.#grow(pool);
      return;
    }
    const mayGrow = pool.living + pool.starting < max;
    const standby = mayGrow ? this.#standbys.take(pool.tenant) : undefined;
    if (standby !== undefined) {
      this.#use(pool, standby);
      standby.send(call);
      return;
    }
    if (!mayGrow && pool.starting === 0) {
      const busy = pool.sessions.find(({ condition }) => condition === "ready");
      call.reject(busy === undefined ? unready(this.#plugin) : overloaded(this.#plugin, action, busy.load));
      return;
    }
    if (mayGrow && pool.isShort) this.#startInto(pool).catch(() => undefined);
    if (pool.wait(call)) expectStart(call, this.#ports.deadlines);
    else call.reject(overloaded(this.#plugin, action, pool.waiting));
  }

  /** Every guest has work, and there may be more of them. */
  #grow(pool: GuestPool): void {
    if (pool.starting > 0 || pool.living >= this.#plugin.settings.instances.max || !this.#ports.mayFill())
      return;
    const standby = this.#standbys.take(pool.tenant);
    if (standby !== undefined) this.#use(pool, standby);
    else this.#startInto(pool).catch(() => undefined);
  }

  #use(pool: GuestPool, session: GuestSession): void {
    session.onRoom = () => {
      pool.dispatch();
      this.#ports.onRoom(pool.key);
    };
    session.calls.expect();
    pool.add(session);
    this.#standbys.note(pool.tenant);
    session.onRoom();
    this.#standbys.refillSoon();
  }

  #startInto(pool: GuestPool): Promise<GuestSession> {
    pool.starting++;
    const start = this.#launch(pool.tenant).then(
      (session) => {
        pool.starting--;
        // The place may have been forgotten meanwhile.
        this.#pools.set(pool.key, pool);
        this.#use(pool, session);
        return session;
      },
      (error: unknown) => {
        pool.starting--;
        pool.dispatch();
        if (pool.starting === 0) pool.refuse(error);
        this.#ports.onRoom(pool.key);
        throw error;
      },
    );
    pool.start = this.#track(start).finally(() => {
      if (pool.starting === 0) pool.start = undefined;
    });
    return pool.start;
  }

  #launch(tenant: string): Promise<GuestSession> {
    return this.#standbys.claim(tenant) ?? this.#ports.launch(tenant, false);
  }

  #track<T>(start: Promise<T>): Promise<T> {
    const tracked = start.finally(() => this.#starts.delete(tracked));
    this.#starts.add(tracked);
    return tracked;
  }

  /** The calls that a guest of this tenant serves; `undefined` where that depends on more than the tenant. */
  #keyOf(tenant: string): string | undefined {
    const { share } = this.#plugin.settings;
    if (share === "plugin") return "";
    return share === "tenant" ? tenant : undefined;
  }

  #pool(key: string, tenant: string): GuestPool {
    const pool = this.#pools.get(key) ?? new GuestPool(key, tenant, this.#plugin.limits.concurrency);
    this.#pools.set(key, pool);
    return pool;
  }
}
