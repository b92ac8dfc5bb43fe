import type { GuestSession } from "./guest-session.js";

/** Tenants that are remembered, so that the next guest of each can be there before it is needed. */
const MAX_RECENT_TENANTS = 16;

/**
 * Guests that were started and checked, and that nobody has used. A guest is a tenant's from its first line of
 * code (its files, its user id, its init), so they are kept for those tenants that needed a guest last.
 */
export class Standbys {
  readonly #count: number;
  #sessions: GuestSession[] = [];
  /** Tenants of guests on their way. */
  #starting: string[] = [];
  /** The one that needed a guest last comes first. */
  #recent: string[] = [];

  constructor(count: number) {
    this.#count = count;
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
    const session = this.#sessions.find((one) => one.identity.tenant === tenant && one.isReady);
    if (session !== undefined) this.remove(session);
    return session;
  }

  add(session: GuestSession): void {
    this.#sessions.push(session);
  }

  remove(session: GuestSession): void {
    this.#sessions = this.#sessions.filter((one) => one !== session);
  }

  /** Tenants for whom one more is to be started. */
  get missing(): readonly string[] {
    return without(this.#wanted, [...this.#starting, ...this.#sessions.map(tenantOf)]);
  }

  /** Whether one is there for this tenant. */
  has(tenant: string): boolean {
    return this.#sessions.some((session) => tenantOf(session) === tenant);
  }

  /** Those that nobody is expected to need, and that have been there for long. */
  idle(now: number, idleMs: number): readonly GuestSession[] {
    return this.#surplus.filter(({ startedAt }) => now - startedAt > idleMs);
  }

  /** Those that nobody is expected to need, when there are as many as there may be. */
  get inTheWay(): readonly GuestSession[] {
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

  beginStart(tenant: string): void {
    this.#starting.push(tenant);
  }

  endStart(tenant: string): void {
    this.#starting = without(this.#starting, [tenant]);
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
