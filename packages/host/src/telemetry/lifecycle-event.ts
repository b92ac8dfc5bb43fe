import type { ErrorCode, Fault } from "@paddock/contract";

/** Where a plugin stands; `supervisor/lifecycle.ts` says how it gets from one to another. */
export const PLUGIN_STATES = [
  "installed",
  "starting",
  "ready",
  "suspended",
  "draining",
  "stopped",
  "crashed",
  "backing-off",
  "quarantined",
] as const;
export type PluginStateName = (typeof PLUGIN_STATES)[number];

/** What a guest may use up; each is compared with a limit of the operator's. */
export const WATCHED_RESOURCES = [
  "memory",
  "cpu",
  "disk",
  "scratch",
  "files",
  "processes",
  "threads",
] as const;
export type WatchedResource = (typeof WATCHED_RESOURCES)[number];

/** Why something went wrong, and who has to change something. Safe to show: bounded and escaped. */
export interface LifecycleFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fault: Fault;
}

/** Which guest an event is about. */
export interface EventGuest {
  readonly tenant: string;
  /** Numbers the guests of one host, from 1; never used twice. */
  readonly guest: number;
  /** Process id as the host sees it. */
  readonly pid: number;
}

/** What every event says. */
export interface EventHead {
  /** Milliseconds since 1970, for people; durations are measured with another clock. */
  readonly at: number;
  readonly plugin: string;
  readonly version: string;
}

/** What happened. */
export type LifecycleChange =
  | {
      readonly kind: "state";
      readonly from: PluginStateName;
      readonly to: PluginStateName;
      readonly failure?: LifecycleFailure;
    }
  | ({
      readonly kind: "guest-started";
      readonly startMs: number;
      /** Started before anybody needed it. */
      readonly isStandby: boolean;
    } & EventGuest)
  | { readonly kind: "guest-start-failed"; readonly tenant: string; readonly failure: LifecycleFailure }
  | ({
      readonly kind: "guest-ended";
      readonly livedMs: number;
      /** Absent when it was asked to go. */
      readonly failure?: LifecycleFailure;
    } & EventGuest)
  /** It answered a health check with "not ready", or is ready again. */
  | ({ readonly kind: "guest-readiness"; readonly isReady: boolean } & EventGuest)
  /** A health check failed; `failures` in a row. The last that is allowed ends the guest. */
  | ({ readonly kind: "health-check-failed"; readonly failures: number } & EventGuest)
  /** Calls go to this version from now on; the one before drains. */
  | { readonly kind: "reloaded"; readonly fromVersion: string }
  /** A new version failed its first health check; the one named in the head goes on. */
  | {
      readonly kind: "reload-refused";
      readonly refusedVersion: string;
      readonly failure: LifecycleFailure;
    }
  /** A guest did not take its events as fast as they came; `count` since this was last said. */
  | { readonly kind: "events-dropped"; readonly tenant: string; readonly count: number }
  /** A plugin's handler threw, or did not end in time; `count` since this was last said. The last of them is told. */
  | {
      readonly kind: "event-failed";
      readonly tenant: string;
      readonly count: number;
      readonly topic: string;
      readonly failure: LifecycleFailure;
    }
  | { readonly kind: "quarantined"; readonly failure: LifecycleFailure }
  | { readonly kind: "released" }
  /** Somebody used a method of host.admin. */
  | {
      readonly kind: "operated";
      readonly actor: { readonly id: string; readonly roles: readonly string[] };
      readonly method: string;
      /** Absent when it was done. */
      readonly failure?: LifecycleFailure;
    }
  /** A guest uses more than 80 or 90 % of a limit. Said once each time it gets there. */
  | ({
      readonly kind: "usage-warning";
      readonly resource: WatchedResource;
      readonly percent: 80 | 90;
      readonly used: number;
      readonly limit: number;
    } & EventGuest);

/** One event in the life of a plugin, as data. */
export type LifecycleEvent = EventHead & LifecycleChange;
