import type { LifecycleFailure } from "../telemetry/lifecycle-event.js";
import { RestartBudget, type RestartSettings } from "./restart-budget.js";

/** Tenants whose failures are counted on their own; the one that failed longest ago makes room. */
export const MAX_TROUBLED_TENANTS = 1_000;

/** A tenant that used up its budget waits as long as the longest wait, each time. */
const SPENT_MS = 60_000;

interface Trouble {
  readonly budget: RestartBudget;
  retryAt: number;
  failure: LifecycleFailure;
}

/**
 * Failures of guests whose plugin works for other tenants: those wait alone. One tenant's calls must not be able to
 * bring a plugin into quarantine for everybody.
 */
export class TenantTroubles {
  readonly #settings: RestartSettings;
  readonly #now: () => number;
  readonly #troubles = new Map<string, Trouble>();
  /** Two tenants that were served: enough to know of any whether there is another. */
  readonly #served = new Set<string>();

  constructor(settings: RestartSettings, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#now = now;
  }

  /** A guest of the tenant has answered calls. */
  noteServed(tenant: string): void {
    if (this.#served.size < 2) this.#served.add(tenant);
  }

  /** Whether the plugin has worked for anybody else: then a failure is the tenant's own trouble. */
  isOwn(tenant: string): boolean {
    return this.#served.size > (this.#served.has(tenant) ? 1 : 0);
  }

  recordFailure(tenant: string, failure: LifecycleFailure): void {
    const budget = this.#troubles.get(tenant)?.budget ?? new RestartBudget(this.#settings, this.#now);
    const verdict = budget.recordFailure();
    const waitMs = verdict.kind === "again" ? 0 : verdict.kind === "wait" ? verdict.ms : SPENT_MS;
    // Taken out first: a Map keeps the order in which its keys came.
    this.#troubles.delete(tenant);
    this.#troubles.set(tenant, { budget, retryAt: this.#now() + waitMs, failure });
    const [oldest] = this.#troubles.keys();
    if (this.#troubles.size > MAX_TROUBLED_TENANTS && oldest !== undefined) this.#troubles.delete(oldest);
  }

  /** Why no guest of the tenant is started now, and for how many milliseconds; `undefined` when one may be. */
  waitOf(tenant: string): { readonly ms: number; readonly failure: LifecycleFailure } | undefined {
    const trouble = this.#troubles.get(tenant);
    const ms = trouble === undefined ? 0 : Math.ceil(trouble.retryAt - this.#now());
    return trouble === undefined || ms <= 0 ? undefined : { ms, failure: trouble.failure };
  }

  /** An operator says that everybody may begin anew. */
  forgive(): void {
    this.#troubles.clear();
  }
}
