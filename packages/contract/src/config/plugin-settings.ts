import { z } from "zod";
import { parseRate, parseRateWindow, RATE_PATTERN, type Rate } from "../human-units.js";
import { count, duration, measuredAs } from "../schema/fields.js";
import { withoutUndefined } from "../schema/without-undefined.js";

/** Who shares a guest with whom: from everybody to nobody. */
export const SHARES = ["plugin", "tenant", "caller", "call"] as const;
export type Share = (typeof SHARES)[number];

/** How a plugin is run and called, as an operator writes it: for every plugin (`defaults`) or for one. */
export interface WrittenSettings {
  /** Calls of whom may meet in one guest; `tenant` when it is not given. */
  readonly share?: Share;
  readonly instances?: {
    /** Guests kept ready for each who shares one. */
    readonly min?: number;
    /** Guests at most, for each who shares one. */
    readonly max?: number;
    /** A guest above `min` that had nothing to do for so long is ended: `"10m"`. */
    readonly idle?: string;
    /** Started and checked guests that nobody has used yet, for whoever needs one next. */
    readonly standby?: number;
  };
  readonly queue?: {
    /** Calls that may wait while every guest is busy. */
    readonly size?: number;
  };
  /** Calls in a time, `"100/s"`: in all, and for each tenant, caller and action. */
  readonly rate?: {
    readonly plugin?: string;
    readonly tenant?: string;
    readonly caller?: string;
    readonly action?: string;
  };
  /** For idempotent actions whose guest crashed or was too slow. */
  readonly retry?: { readonly attempts?: number; readonly backoff?: string };
  /** After so many failures in a row calls are refused for a while. */
  readonly breaker?: { readonly failures?: number; readonly openFor?: string };
  readonly health?: {
    readonly interval?: string;
    readonly timeout?: string;
    /** Checks that may fail in a row. */
    readonly failures?: number;
  };
  /** Crashes after which a plugin is put into quarantine, and the time in which they are forgiven. */
  readonly restart?: { readonly crashes?: number; readonly window?: string };
  /** Fields that an action's schema does not name: refuse the call, or drop them. */
  readonly undeclared?: "refuse" | "drop";
}

/** Settings with their units as numbers; what nobody wrote is absent. */
export interface PluginSettings {
  readonly share?: Share;
  readonly instances?: {
    readonly min?: number;
    readonly max?: number;
    readonly idleMs?: number;
    readonly standby?: number;
  };
  readonly queue?: { readonly size?: number };
  readonly rate?: {
    readonly plugin?: Rate;
    readonly tenant?: Rate;
    readonly caller?: Rate;
    readonly action?: Rate;
  };
  readonly retry?: { readonly attempts?: number; readonly backoffMs?: number };
  readonly breaker?: { readonly failures?: number; readonly openForMs?: number };
  readonly health?: { readonly intervalMs?: number; readonly timeoutMs?: number; readonly failures?: number };
  readonly restart?: { readonly crashes?: number; readonly windowMs?: number };
  readonly undeclared?: "refuse" | "drop";
}

const rate = () =>
  measuredAs(
    parseRate,
    RATE_PATTERN,
    { max: "1000000/s", example: "100/s", word: "a rate" },
    (perSecond, written) => parseRateWindow(written) ?? { count: perSecond, windowMs: 1_000 },
  );

export const settingsShape = {
  share: z.enum(SHARES).meta({ description: "Calls of whom may meet in one guest." }).optional(),
  instances: z
    .strictObject({
      min: count(0, 64).meta({ description: "Guests kept ready." }).optional(),
      max: count(1, 64).meta({ description: "Guests at most." }).optional(),
      idle: duration("24h").meta({ description: "When a guest without work is ended." }).optional(),
      standby: count(0, 16).meta({ description: "Started guests that nobody has used yet." }).optional(),
    })
    .refine(({ min = 0, max = 64 }) => min <= max, { error: "a min that is not above max" })
    .meta({ description: "How many guests, for each who shares one." })
    .optional(),
  queue: z
    .strictObject({ size: count(0, 100_000).meta({ description: "Calls that may wait." }).optional() })
    .meta({ description: "Calls that wait while every guest is busy." })
    .optional(),
  rate: z
    .strictObject({
      plugin: rate().meta({ description: "In all." }).optional(),
      tenant: rate().meta({ description: "For each tenant." }).optional(),
      caller: rate().meta({ description: "For each caller." }).optional(),
      action: rate().meta({ description: "For each action." }).optional(),
    })
    .meta({ description: "Calls in a time; more are refused." })
    .optional(),
  retry: z
    .strictObject({
      attempts: count(1, 10).meta({ description: "Attempts in all." }).optional(),
      backoff: duration("1m")
        .meta({ description: "Wait before the second attempt; doubled each time." })
        .optional(),
    })
    .meta({ description: "For idempotent actions whose guest crashed or was too slow." })
    .optional(),
  breaker: z
    .strictObject({
      failures: count(1, 1_000).meta({ description: "Failures in a row." }).optional(),
      openFor: duration("1h").meta({ description: "How long calls are refused then." }).optional(),
    })
    .meta({ description: "A rest for a plugin that keeps failing." })
    .optional(),
  health: z
    .strictObject({
      interval: duration("1h").meta({ description: "Time between two checks." }).optional(),
      timeout: duration("1m").meta({ description: "Most time one check may take." }).optional(),
      failures: count(1, 100).meta({ description: "Checks that may fail in a row." }).optional(),
    })
    .meta({ description: "How guests are checked." })
    .optional(),
  restart: z
    .strictObject({
      crashes: count(1, 1_000).meta({ description: "Crashes before quarantine." }).optional(),
      window: duration("24h").meta({ description: "Time in which they are forgiven." }).optional(),
    })
    .meta({ description: "When a plugin that crashes is started no more." })
    .optional(),
  undeclared: z
    .enum(["refuse", "drop"])
    .meta({ description: "What happens to fields that an action's schema does not name." })
    .optional(),
} as const;

/** Settings as people write them → numbers. */
export function settings() {
  return z.strictObject(settingsShape).transform(toSettings);
}

type Written = z.output<z.ZodObject<typeof settingsShape>>;

export function toSettings(written: Written): PluginSettings {
  const { share, instances, queue, rate: rates, retry, breaker, health, restart, undeclared } = written;
  return withoutUndefined({
    share,
    instances: instances && withoutUndefined({ ...omit(instances, "idle"), idleMs: instances.idle }),
    queue: queue && withoutUndefined(queue),
    rate: rates && withoutUndefined(rates),
    retry: retry && withoutUndefined({ attempts: retry.attempts, backoffMs: retry.backoff }),
    breaker: breaker && withoutUndefined({ failures: breaker.failures, openForMs: breaker.openFor }),
    health:
      health &&
      withoutUndefined({ intervalMs: health.interval, timeoutMs: health.timeout, failures: health.failures }),
    restart: restart && withoutUndefined({ crashes: restart.crashes, windowMs: restart.window }),
    undeclared,
  });
}

function omit<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
