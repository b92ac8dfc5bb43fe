import type { GuestSession } from "./guest-session.js";

/** A standby that was taken is replaced after this time: the call that took it comes first. */
const REFILL_AFTER_MS = 10;
/** Tenants that are remembered, so that the next guest of each can be there before it is needed. */
const MAX_RECENT_TENANTS = 16;

export interface StandbysPorts {
  /** Starts a guest, or rejects with the reason why there is none. */
  readonly launch: (tenant: string) => Promise<GuestSession>;
  /** Ends one that nobody is expected to need. */
  readonly end: (session: GuestSession) => void;
  /** Whether a guest may be started that nobody waits for. */
  readonly mayFill: () => boolean;
}

/** A standby on its way. */
interface Start {
  readonly tenant: string;
  readonly session: Promise<GuestSession>;
}

/**
 * Guests that were started and checked, and that nobody has used. A guest is a tenant's from its first line of
 * code (its files, its user id, its init), so they are kept for those tenants that needed a guest last.
 */
export class Standbys {
  readonly #count: number;
  readonly #ports: StandbysPorts;
  #sessions: GuestSession[] = [];
  #starting: readonly Start[] = [];
  /** The one that needed a guest last comes first. */
  #recent: string[] = [];
  #refill: NodeJS.Timeout | undefined;

  constructor(count: number, ports: StandbysPorts) {
    this.#count = count;
    this.#ports = ports;
  }

  get sessions(): readonly GuestSession[] {
    return this.#sessions;
  }

  /** A guest of this tenant was needed, or soon will be. */
  note(tenant: string): void {
    if (this.#count === 0 || this.#recent[0] === tenant) return;
    this.#recent = [tenant, ...this.#recent.filter((one) => one !== tenant)].slice(0, MAX_RECENT_TENANTS);
  }

  /** One that nobody has used; it is the caller's from now on. */
  take(tenant: string): GuestSession | undefined {
    const session = this.#sessions.find((one) => tenantOf(one) === tenant && one.isReady);
    if (session === undefined) return undefined;
    this.remove(session);
    this.refillSoon();
    return session;
  }

  /** Starts one for this tenant. */
  async start(tenant: string): Promise<void> {
    // Those for tenants that come no more make room.
    for (const session of this.#inTheWay) this.#ports.end(session);
    const start = { tenant, session: this.#ports.launch(tenant) };
    this.#starting = [...this.#starting, start];
    try {
      const session = await start.session;
      if (this.#starting.includes(start)) this.#sessions.push(session);
    } finally {
      this.#leave(start);
    }
  }

  /** One that is on its way, and sooner there than a guest that starts now; it is the caller's from now on. */
  claim(tenant: string): Promise<GuestSession> | undefined {
    const start = this.#starting.find((one) => one.tenant === tenant);
    if (start === undefined) return undefined;
    this.#leave(start);
    const refill = () => this.refillSoon();
    start.session.then(refill, refill);
    return start.session;
  }

  /** Starts those that should be there and are not. */
  fill(): void {
    for (const tenant of this.#missing) {
      // What could not be started is tried again, as often as the restart budget allows.
      if (this.#ports.mayFill()) this.start(tenant).catch(() => undefined);
    }
  }

  refillSoon(): void {
    if (this.#count === 0) return;
    clearTimeout(this.#refill);
    this.#refill = setTimeout(() => this.fill(), REFILL_AFTER_MS).unref();
  }

  remove(session: GuestSession): void {
    this.#sessions = this.#sessions.filter((one) => one !== session);
  }

  /** Whether one is there for this tenant. */
  has(tenant: string): boolean {
    return this.#sessions.some((session) => tenantOf(session) === tenant);
  }

  /** Ends those that nobody is expected to need, and that have been there for long. */
  endIdle(now: number, idleMs: number): void {
    for (const session of this.#surplus) if (now - session.startedAt > idleMs) this.#ports.end(session);
  }

  /** Lets go of its timer. */
  close(): void {
    clearTimeout(this.#refill);
  }

  /** Tenants for whom one more is to be started. */
  get #missing(): readonly string[] {
    const starting = this.#starting.map(({ tenant }) => tenant);
    return without(this.#wanted, [...starting, ...this.#sessions.map(tenantOf)]);
  }

  /** Those that nobody is expected to need, when there are as many as there may be. */
  get #inTheWay(): readonly GuestSession[] {
    const all = this.#sessions.length + this.#starting.length;
    return this.#surplus.slice(0, Math.max(0, all + 1 - Math.max(1, this.#count)));
  }

  get #surplus(): readonly GuestSession[] {
    const wanted = [...this.#wanted];
    return this.#sessions.filter((session) => {
      const at = wanted.indexOf(tenantOf(session));
      if (at !== -1) wanted.splice(at, 1);
      return at === -1;
    });
  }

  #leave(start: Start): void {
    this.#starting = this.#starting.filter((one) => one !== start);
  }

  /** The tenants of the guests that should be there: one for each of the last, then a second for each, and so on. */
  get #wanted(): string[] {
    const { length } = this.#recent;
    if (length === 0) return [];
    return Array.from({ length: this.#count }, (_, at) => this.#recent[at % length] ?? "");
  }
}

function tenantOf({ identity }: GuestSession): string {
  return identity.tenant;
}

/** What is left when each of the others is taken away once. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...all];
  for (const one of others) {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1);
  }
  return left;
}
