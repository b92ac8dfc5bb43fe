import { type PaddockError, toPaddockError } from "@paddock/contract";
import type { Isolation, KillReason, Posture, Usage } from "../isolation/isolation.js";
import type { FileRoom } from "../streams/file-room.js";
import { GatherTurns } from "../streams/gather-slots.js";
import type { ReadJson } from "../streams/json/read-json.js";
import type { LifecycleChange, LifecycleEvent } from "../telemetry/lifecycle-event.js";
import { Call, type CallRequest } from "./call.js";
import { going } from "./call-errors.js";
import { Deadlines } from "./deadlines.js";
import type { RequestHandler } from "./guest.js";
import type { GuestLog } from "./guest-log.js";
import type { GuestSession } from "./guest-session.js";
import { HostGuests } from "./host-guests.js";
import type { LoadedPlugin } from "./plugin.js";
import { type GuestSamples, guestSamples, type PluginStatus, pluginStatus } from "./plugin-status.js";
import type { QuarantineRecords } from "./quarantine-records.js";
import { SAMPLE_MS, Sampler } from "./sampler.js";
import { guestTenant } from "./shared-tenant.js";
import { SupervisedPlugin } from "./supervised-plugin.js";

/** A guest that used so much of its processor time is replaced between calls, before the kernel ends it. */
export const CPU_RETIRE_PART = 0.8;

/** Tenants whose guests may show that a new version is healthy, when those before keep too many files. */
export const MAX_TRIALS = 3;

const TIRED: KillReason = { code: "KILLED", message: "it neared its processor time" };

export interface SupervisorOptions {
  readonly isolation: Isolation;
  readonly onRequest: RequestHandler;
  readonly onLog: (log: GuestLog) => void;
  /** Where files wait on their way into and out of guests. */
  readonly fileRoom: FileRoom;
  /** Reads answers that are too large for the main thread. */
  readonly readJson: ReadJson;
  /** Told what happens to plugins and guests. Must be quick and must not throw. */
  readonly onEvent?: (event: LifecycleEvent) => void;
  /** Calls that wait may ask `hasRoom` again. Called too often rather than too seldom. */
  readonly onRoom?: (plugin: LoadedPlugin, shareKey: string) => void;
  /** Where quarantines are remembered; they end with the host without it. */
  readonly records?: QuarantineRecords;
}

export interface GuestReport {
  readonly tenant: string;
  readonly pid: number;
  readonly posture: Posture;
  readonly usage: Usage;
}

/** Picks or starts a guest for every call, and sees that every call settles once. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #deadlines = new Deadlines();
  readonly #guests: HostGuests;
  readonly #sampler: Sampler;
  readonly #plugins = new Map<LoadedPlugin, SupervisedPlugin>();
  /** Versions that were unloaded, and what came after them: a call that was on its way goes there. */
  readonly #successors = new WeakMap<LoadedPlugin, LoadedPlugin | typeof NOBODY>();
  readonly #drains = new Set<Promise<void>>();
  #ticker: NodeJS.Timeout | undefined;
  #numbers = 0;

  constructor(options: SupervisorOptions) {
    const { isolation, onRequest, onLog, fileRoom, readJson } = options;
    this.#options = options;
    this.#guests = new HostGuests({
      isolation,
      deadlines: this.#deadlines,
      onRequest,
      onLog,
      fileRoom,
      readJson,
      gathering: new GatherTurns(),
      nextNumber: () => ++this.#numbers,
      onChange: (plugin, change) => this.#tell(plugin, change),
    });
    this.#sampler = new Sampler(
      () => this.#guests.sessions,
      (plugin, change) => this.#tell(plugin, change),
    );
  }

  /** One attempt: resolves with the plugin's answer; rejects with a PaddockError. */
  call(plugin: LoadedPlugin, request: CallRequest, payload: string): Promise<unknown> {
    const supervised = this.#plugins.get(plugin);
    if (supervised === undefined) return this.#callLate(plugin, request, payload);
    const call = new Call(request, payload);
    supervised.take(call);
    return call.promise;
  }

  /** Whether a call would be taken now: by a guest, or refused at once. */
  hasRoom(plugin: LoadedPlugin, shareKey: string): boolean {
    return this.#plugins.get(plugin)?.hasRoom(shareKey) ?? true;
  }

  /** Why a call would be refused now; `undefined` when it would not. */
  refusal(plugin: LoadedPlugin): PaddockError | undefined {
    return this.#plugins.get(plugin)?.refusal;
  }

  /** Takes a plugin in: in quarantine when it was there before. Guests that are to be ready start in the background. */
  async add(plugin: LoadedPlugin): Promise<void> {
    await this.#supervised(plugin).begin();
  }

  /**
   * Starts a new version beside the old one, through its first health check. Rejects with the reason when that
   * fails, and nothing of it is left. The old one serves until `unload`.
   */
  async addBeside(plugin: LoadedPlugin, old: LoadedPlugin): Promise<void> {
    const before = this.#plugins.get(old);
    const after = this.#supervised(plugin);
    const kind = before?.life.state.kind;
    const tenants = before?.guests.tenants ?? [];
    if (kind !== "suspended" && kind !== "quarantined") {
      try {
        await after.check(tenants.length === 0 ? ["main"] : tenants.slice(0, MAX_TRIALS));
      } catch (error) {
        this.#plugins.delete(plugin);
        this.#successors.set(plugin, old);
        await after.drain();
        const { code, message, about } = toPaddockError(error, `start "${plugin.manifest.id}"`);
        const failure = { code, message, fault: about.fault };
        this.#tell(old, { kind: "reload-refused", refusedVersion: plugin.manifest.version, failure });
        throw error;
      }
    }
    // Also where it could not be written down.
    if (before?.life.state.kind === "quarantined")
      after.life.apply({ kind: "quarantine", failure: before.life.state.failure });
    await after.begin();
    if (kind === "suspended") await after.suspend();
    after.expect(tenants);
  }

  /** Ends the guests of a plugin once their calls are done. Calls that are on their way go to the successor. */
  async unload(plugin: LoadedPlugin, successor?: LoadedPlugin): Promise<void> {
    const supervised = this.#plugins.get(plugin);
    this.#successors.set(plugin, successor ?? NOBODY);
    this.#plugins.delete(plugin);
    if (successor !== undefined)
      this.#tell(successor, { kind: "reloaded", fromVersion: plugin.manifest.version });
    if (supervised === undefined) return;
    const drain = supervised.drain().finally(() => this.#drains.delete(drain));
    this.#drains.add(drain);
    await drain;
  }

  /** Starts the guest of a tenant before anybody calls it. */
  async start(plugin: LoadedPlugin, tenant: string): Promise<void> {
    await this.#supervised(plugin).start(tenant);
  }

  /** Freezes its guests where they stand; calls are refused until `resume`. */
  async suspend(plugin: LoadedPlugin): Promise<void> {
    await this.#supervised(plugin).suspend();
  }

  async resume(plugin: LoadedPlugin): Promise<void> {
    await this.#supervised(plugin).resume();
  }

  /** Replaces its guests once their calls are done. */
  async restart(plugin: LoadedPlugin): Promise<void> {
    await this.#supervised(plugin).restart();
  }

  /** Ends a quarantine. */
  async release(plugin: LoadedPlugin): Promise<void> {
    await this.#supervised(plugin).release();
  }

  /** Does work while no guest of this plugin and tenant lives; calls wait meanwhile. */
  withoutGuests<T>(plugin: LoadedPlugin, tenant: string, work: () => Promise<T>): Promise<T> {
    return this.#supervised(plugin).withoutGuests(tenant, work);
  }

  /** Guests that serve this tenant now. */
  readyGuests(plugin: LoadedPlugin, tenant: string): readonly GuestSession[] {
    const supervised = this.#plugins.get(plugin);
    if (supervised === undefined) return [];
    const whose = guestTenant(plugin, tenant);
    return [...supervised.sessions].filter(
      (session) =>
        session.isReady && session.identity.tenant === whose && !supervised.guests.isStandby(session),
    );
  }

  status(plugin: LoadedPlugin): PluginStatus {
    return pluginStatus(this.#supervised(plugin), this.#sampler);
  }

  /** What each living guest used in the last two minutes. */
  samples(plugin: LoadedPlugin): readonly GuestSamples[] {
    const sessions = [...(this.#plugins.get(plugin)?.sessions ?? [])];
    return sessions.map((session) => guestSamples(session, this.#sampler.historyOf(session)));
  }

  /** What stands around the living guests of a plugin, and what they use. */
  async report(plugin: LoadedPlugin): Promise<readonly GuestReport[]> {
    const sessions = [...(this.#plugins.get(plugin)?.sessions ?? [])];
    const living = sessions.filter(({ condition }) => condition !== "ending");
    return Promise.all(
      living.map(async ({ identity, process }) => ({
        tenant: identity.tenant,
        pid: process.pid,
        posture: process.posture,
        usage: await process.usage(),
      })),
    );
  }

  /** Ends every guest; calls that are left learn why. */
  async close(): Promise<void> {
    clearInterval(this.#ticker);
    for (const supervised of this.#plugins.values()) supervised.close();
    await this.#guests.close();
    await Promise.allSettled(this.#drains);
    for (const supervised of this.#plugins.values()) supervised.close();
    this.#deadlines.close();
  }

  #supervised(plugin: LoadedPlugin): SupervisedPlugin {
    const known = this.#plugins.get(plugin);
    if (known !== undefined) return known;
    this.#guests.assertOpen();
    if (this.#successors.has(plugin)) throw going(plugin);
    const supervised = new SupervisedPlugin(plugin, {
      guests: this.#guests,
      records: this.#options.records,
      onRoom: (of, shareKey) => this.#options.onRoom?.(of, shareKey),
      onChange: (of, change) => this.#tell(of, change),
    });
    this.#plugins.set(plugin, supervised);
    this.#ticker ??= setInterval(() => this.#tick(), SAMPLE_MS).unref();
    return supervised;
  }

  /** A call to a version that is gone, or that nobody has called yet. */
  #callLate(plugin: LoadedPlugin, request: CallRequest, payload: string): Promise<unknown> {
    const successor = this.#successors.get(plugin);
    try {
      if (successor === undefined) {
        this.#supervised(plugin);
        return this.call(plugin, request, payload);
      }
      const action = successor === NOBODY ? undefined : successor.actions.get(request.action.name);
      if (successor === NOBODY || action === undefined) throw going(plugin);
      return this.call(successor, { ...request, action }, payload);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const supervised of this.#plugins.values()) supervised.tick(now);
    void this.#sampler.round().then(() => this.#replaceTired());
  }

  #replaceTired(): void {
    for (const { plugin, guests, sessions } of this.#plugins.values()) {
      for (const session of sessions) {
        const { cpuMs = 0 } = this.#sampler.historyOf(session)?.last ?? {};
        if (cpuMs > plugin.limits.cpuTimeMs * CPU_RETIRE_PART) void guests.retire(session, TIRED);
      }
    }
  }

  #tell(plugin: LoadedPlugin, change: LifecycleChange): void {
    const { id, version } = plugin.manifest;
    this.#options.onEvent?.({ at: Date.now(), plugin: id, version, ...change });
  }
}

/** No version came after it. */
const NOBODY = Symbol("nobody");
