import { ERRORS, isPaddockError, type PaddockError, toPaddockError } from "@paddock/contract";
import type { GuestEnd, KillReason } from "../isolation/isolation.js";
import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import type { Call } from "./call.js";
import { fellAtOnce, unavailable } from "./call-errors.js";
import { expireAfter } from "./expire-after.js";
import type { GuestSession } from "./guest-session.js";
import type { HostGuests } from "./host-guests.js";
import { isUsable } from "./lifecycle.js";
import type { LoadedPlugin } from "./plugin.js";
import { PluginGuests } from "./plugin-guests.js";
import { type GuestEffect, PluginLife } from "./plugin-life.js";
import { pluginRefusal } from "./plugin-refusal.js";
import type { QuarantineRecords } from "./quarantine-records.js";
import { guestTenant } from "./shared-tenant.js";
import { TenantTroubles } from "./tenant-troubles.js";

const REPLACED: KillReason = { code: "KILLED", message: "the plugin was unloaded" };
const RENEWED: KillReason = { code: "KILLED", message: "the plugin was restarted by its operator" };
const QUARANTINED: KillReason = { code: "KILLED", message: "the plugin was put into quarantine" };
const STILL: KillReason = { code: "KILLED", message: "the plugin was unloaded while it was suspended" };
const CLEARED: KillReason = { code: "KILLED", message: "the plugin's data is being changed by its operator" };
const UNSTOPPABLE: KillReason = { code: "KILLED", message: "it could not be suspended or resumed" };

/** The application is told of a tenant by its first call; until then this one is expected. */
const FIRST_TENANT = "main";

/** A new version that ends by itself so soon after its first health check is no better than one that failed it. */
export const TRIAL_MS = 200;

export interface SupervisedPluginPorts {
  readonly guests: HostGuests;
  readonly records: QuarantineRecords | undefined;
  readonly onRoom: (plugin: LoadedPlugin, shareKey: string) => void;
  readonly onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
}

/** One version of a plugin: where it stands, and its guests. */
export class SupervisedPlugin {
  readonly plugin: LoadedPlugin;
  readonly guests: PluginGuests;
  readonly #ports: SupervisedPluginPorts;
  readonly life: PluginLife;
  readonly #troubles: TenantTroubles;
  readonly #sessions = new Set<GuestSession>();
  readonly #launches = new Set<Promise<unknown>>();
  /** Tenants whose guests must not be started now. */
  readonly #holds = new Map<string, Promise<void>>();
  /** What operators asked for is done one after the other. */
  #operations: Promise<unknown> = Promise.resolve();

  constructor(plugin: LoadedPlugin, ports: SupervisedPluginPorts) {
    this.plugin = plugin;
    this.#ports = ports;
    this.#troubles = new TenantTroubles(plugin.settings.restart);
    this.life = new PluginLife({
      restart: plugin.settings.restart,
      act: (effect) => this.#act(effect),
      onChange: (change) => this.#tell(change),
      onState: ({ kind }) => {
        // In other states calls that wait learn from the start that they wait for.
        if (kind === "suspended") this.guests.refuse(this.#refusal());
        // Who waits for room asks again: it may be refused now, or served.
        this.guests.announceRoom();
      },
      // On a full disk it lasts as long as this host.
      onQuarantine: (failure) => void ports.records?.set(plugin.manifest.id, failure).catch(() => undefined),
    });
    this.guests = new PluginGuests(plugin, {
      deadlines: ports.guests.surroundings.deadlines,
      launch: (tenant, isStandby) => this.#launch(tenant, isStandby),
      mayFill: () => this.#mayFill,
      onRoom: (key) => ports.onRoom(plugin, key),
    });
  }

  get sessions(): ReadonlySet<GuestSession> {
    return this.#sessions;
  }

  /** Why a call would be refused now; `undefined` when it would not. */
  get refusal(): PaddockError | undefined {
    const { state } = this.life;
    if (!isUsable(state)) return this.#refusal();
    return state.kind === "backing-off" && state.guests === 0 ? this.#refusal() : undefined;
  }

  take(call: Call): void {
    if (isUsable(this.life.state)) this.guests.take(call);
    else call.reject(this.#refusal());
  }

  /** True also when a call would be refused at once. */
  hasRoom(shareKey: string): boolean {
    return this.refusal !== undefined || this.guests.hasRoom(shareKey);
  }

  async start(tenant: string): Promise<void> {
    if (!isUsable(this.life.state)) throw this.#refusal();
    await this.guests.start(tenant);
  }

  /** Begins: in quarantine when it was there before; else what is to be ready is started in the background. */
  async begin(): Promise<void> {
    const failure = await this.#ports.records?.get(this.plugin.manifest.id);
    if (failure !== undefined) this.life.apply({ kind: "quarantine", failure });
    this.expect([FIRST_TENANT]);
  }

  expect(tenants: readonly string[]): void {
    for (const tenant of tenants) this.guests.expect(tenant);
    this.guests.fill();
  }

  /**
   * Starts a first guest, through its first health check and a moment more. Rejects with the reason why that failed;
   * a tenant that keeps too many files says nothing about the plugin, and the next one is tried.
   */
  async check(tenants: readonly string[]): Promise<void> {
    this.life.isOnTrial = true;
    for (const tenant of tenants) {
      try {
        await this.#tryOne(tenant);
        break;
      } catch (error) {
        if (!isPaddockError(error, "DISK_LIMIT")) throw error;
      }
    }
    this.life.isOnTrial = false;
  }

  async #tryOne(tenant: string): Promise<void> {
    const { failures } = this.life;
    await this.guests.start(tenant);
    const trial = expireAfter(TRIAL_MS);
    await Promise.race([trial.promise, ...[...this.#sessions].map(({ ended }) => ended)]);
    trial.clear();
    const { failure } = this.life;
    // What the tenant keeps is no fault of the version.
    if (this.life.failures > failures && failure !== undefined && failure.code !== "DISK_LIMIT")
      throw fellAtOnce(this.plugin, failure);
  }

  suspend(): Promise<void> {
    return this.#operate("suspend");
  }

  resume(): Promise<void> {
    return this.#operate("resume");
  }

  /** Replaces the guests once their calls are done; a wait after failures is over. */
  restart(): Promise<void> {
    this.#troubles.forgive();
    return this.#operate("restart");
  }

  /** Ends a quarantine; does nothing when there is none. */
  async release(): Promise<void> {
    // Off the disk first: what is acknowledged stays so.
    await this.#ports.records?.delete(this.plugin.manifest.id);
    this.#troubles.forgive();
    this.life.apply({ kind: "release" });
  }

  /** Takes no more calls, and ends its guests once theirs are done. */
  async drain(): Promise<void> {
    await this.life.apply({ kind: "drain" }).work;
    await this.guests.drain(REPLACED);
    this.close();
  }

  /** Does work while no guest of the tenant lives; calls wait meanwhile. */
  async withoutGuests<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    const whose = guestTenant(this.plugin, tenant);
    const before = this.#holds.get(whose);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.set(whose, promise);
    try {
      await before;
      await Promise.allSettled(this.#launches);
      await this.guests.endTenant(whose, this.#sessions, CLEARED);
      return await work();
    } finally {
      if (this.#holds.get(whose) === promise) this.#holds.delete(whose);
      resolve();
      this.guests.fill();
    }
  }

  /** To be called each second. */
  tick(now: number): void {
    this.guests.endIdle(now);
    this.guests.fill();
  }

  /** Lets go of timers; its guests are the host's to end. */
  close(): void {
    this.life.close();
    this.guests.close();
  }

  get #mayFill(): boolean {
    const { kind } = this.life.state;
    const { hasRoom, isClosing } = this.#ports.guests;
    return hasRoom && !isClosing && (kind === "installed" || kind === "starting" || kind === "ready");
  }

  async #launch(tenant: string, isStandby: boolean): Promise<GuestSession> {
    for (let hold = this.#holds.get(tenant); hold !== undefined; hold = this.#holds.get(tenant)) await hold;
    this.#ports.guests.assertOpen();
    const wait = this.#troubles.waitOf(tenant);
    if (wait !== undefined) throw unavailable(this.plugin, wait.ms, wait.failure);
    if (this.life.apply({ kind: "start" }).isRefused) throw this.#refusal();
    const launch = this.#launchNow(tenant, isStandby);
    this.#launches.add(launch);
    return launch.finally(() => this.#launches.delete(launch));
  }

  async #launchNow(tenant: string, isStandby: boolean): Promise<GuestSession> {
    const startedAt = performance.now();
    let session: GuestSession;
    try {
      session = await this.#ports.guests.start({ plugin: this.plugin, tenant }, (one) =>
        this.guests.retire(one, REPLACED),
      );
    } catch (error) {
      const problem = toPaddockError(error, `start "${this.plugin.manifest.id}"`);
      const { code, message, about } = problem;
      const failure = { code, message, fault: about.fault };
      this.#tell({ kind: "guest-start-failed", tenant, failure });
      // A host that lacks descriptors or disk, or is closing, is not the plugin's fault.
      if (about.fault === "plugin") this.life.apply({ kind: "start-failed", failure });
      else this.life.apply({ kind: "start-given-up" });
      throw problem;
    }
    this.#sessions.add(session);
    this.life.apply({ kind: "started" });
    const startMs = performance.now() - startedAt;
    this.#tell({ kind: "guest-started", startMs, isStandby, ...this.#about(session) });
    session.whenGone((end) => this.#onEnded(session, end));
    return session;
  }

  #onEnded(session: GuestSession, end: GuestEnd): void {
    this.#sessions.delete(session);
    const code = end.code ?? "CRASHED";
    const { fault } = ERRORS[code];
    const isAsked = code === "KILLED" || session.isDismissed;
    const failure = isAsked ? undefined : { code, message: end.message, fault };
    const livedMs = performance.now() - session.startedAt;
    this.#tell({
      kind: "guest-ended",
      livedMs,
      ...this.#about(session),
      ...(failure === undefined ? {} : { failure }),
    });
    // A caller must not be able to take the plugin from the others: with a call that takes too long, which is what its
    // limit is for, or with one that has a guest of its own.
    const isCalls = code === "TIMEOUT" || (this.plugin.settings.share === "call" && session.calls.isUsed);
    if (failure === undefined || fault === "host" || isCalls) this.life.apply({ kind: "left" });
    else if (this.#isTenantsOwn(session)) {
      this.#troubles.recordFailure(session.identity.tenant, failure);
      this.life.apply({ kind: "left" });
    } else this.life.apply({ kind: "crash", failure });
    this.guests.remove(session);
  }

  /** A caller must not be able to take a plugin that works from other tenants, either. */
  #isTenantsOwn(ended: GuestSession): boolean {
    for (const { calls, identity } of [ended, ...this.#sessions])
      if (calls.served > 0) this.#troubles.noteServed(identity.tenant);
    return ended.calls.isUsed && this.#troubles.isOwn(ended.identity.tenant);
  }

  async #act(effect: GuestEffect): Promise<void> {
    switch (effect.kind) {
      case "fill":
        return this.guests.fill();
      case "freeze":
        return this.#each((session) => session.suspend());
      case "thaw":
        return this.#each((session) => session.resume());
      case "renew":
        return this.guests.renew(RENEWED);
      case "drain":
        return this.guests.drain(this.life.state.kind === "quarantined" ? QUARANTINED : REPLACED);
      case "end":
        return this.#each((session) => session.stop(STILL));
    }
  }

  async #each(work: (session: GuestSession) => Promise<void>): Promise<void> {
    const one = async (session: GuestSession) => {
      // Half suspended is worse than gone.
      await work(session).catch(() => session.stop(UNSTOPPABLE));
    };
    await Promise.all([...this.#sessions].map(one));
  }

  async #operate(kind: "suspend" | "resume" | "restart"): Promise<void> {
    const run = async () => {
      if (kind === "suspend" && this.life.state.kind === "suspended") return;
      if (kind === "resume" && isUsable(this.life.state)) return;
      const { isRefused, work } = this.life.apply({ kind });
      if (isRefused) throw this.#refusal();
      // Calls of guests that are replaced may take long; nobody waits for them.
      if (kind !== "restart") await work;
    };
    const operation = this.#operations.then(run, run);
    this.#operations = operation.catch(() => undefined);
    await operation;
  }

  #refusal(): PaddockError {
    return pluginRefusal(this.plugin, this.life.state, this.#ports.guests.isClosing);
  }

  #about(session: GuestSession) {
    return { tenant: session.identity.tenant, guest: session.number, pid: session.process.pid };
  }

  #tell(change: LifecycleChange): void {
    this.#ports.onChange(this.plugin, change);
  }
}
