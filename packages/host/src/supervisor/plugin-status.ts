import type { Limits } from "@paddock/contract";
import type { LifecycleFailure, PluginStateName } from "../telemetry/lifecycle-event.js";
import type { GuestSession } from "./guest-session.js";
import type { Sample, SampleField, SampleHistory } from "./sample-history.js";
import type { Sampler } from "./sampler.js";
import type { SupervisedPlugin } from "./supervised-plugin.js";

/** Where a plugin stands, for operators. */
export interface PluginStatus {
  readonly id: string;
  readonly version: string;
  readonly state: PluginStateName;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why it is backing off or in quarantine; else why a guest failed last, if one did. */
  readonly failure: LifecycleFailure | undefined;
  /** Until the next guest may be started; only while it is backing off. */
  readonly retryAfterMs: number | undefined;
  /** Guests that failed since the plugin was loaded. */
  readonly failures: number;
  /** Calls that wait for a guest. */
  readonly waiting: number;
  readonly limits: Limits;
  readonly guests: readonly GuestStatus[];
}

export interface GuestStatus {
  /** Numbers the guests of one host; never used twice. */
  readonly guest: number;
  readonly tenant: string;
  readonly pid: number;
  readonly condition: GuestSession["condition"];
  /** Started and checked, and not used yet. */
  readonly isStandby: boolean;
  /** Calls it is working on. */
  readonly calls: number;
  /** Calls it has answered. */
  readonly served: number;
  readonly upMs: number;
  readonly sample: Sample | undefined;
}

/** What one guest used in the last two minutes. */
export interface GuestSamples extends Pick<GuestStatus, "guest" | "tenant" | "pid"> {
  readonly last: Sample | undefined;
  /** Of the history. */
  readonly average: Readonly<Partial<Record<SampleField, number>>>;
  /** Since the guest's start. */
  readonly peak: Readonly<Partial<Record<SampleField, number>>>;
  /** One a second, oldest first. */
  readonly history: readonly Sample[];
}

export function pluginStatus(
  { plugin, life, guests, sessions }: SupervisedPlugin,
  sampler: Sampler,
): PluginStatus {
  const { state, since, failure, failures } = life;
  const retryMs = state.kind === "backing-off" ? state.retryAt - performance.now() : undefined;
  return {
    id: plugin.manifest.id,
    version: plugin.manifest.version,
    state: state.kind,
    since,
    failure,
    retryAfterMs: retryMs === undefined ? undefined : Math.max(0, Math.ceil(retryMs)),
    failures,
    waiting: guests.waiting,
    limits: plugin.limits,
    guests: [...sessions].map((session) =>
      guestStatus(session, guests.isStandby(session), sampler.historyOf(session)),
    ),
  };
}

function guestStatus(
  session: GuestSession,
  isStandby: boolean,
  history: SampleHistory | undefined,
): GuestStatus {
  return {
    guest: session.number,
    tenant: session.identity.tenant,
    pid: session.process.pid,
    condition: session.condition,
    isStandby,
    calls: session.load,
    served: session.calls.served,
    upMs: Math.round(performance.now() - session.startedAt),
    sample: history?.last,
  };
}

export function guestSamples(session: GuestSession, history: SampleHistory | undefined): GuestSamples {
  return {
    guest: session.number,
    tenant: session.identity.tenant,
    pid: session.process.pid,
    last: history?.last,
    average: history?.average ?? {},
    peak: history?.peak ?? {},
    history: history?.all ?? [],
  };
}
