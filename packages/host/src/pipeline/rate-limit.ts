import { PaddockError, type Rate } from "@paddock/contract";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { PipelineCall, Stage } from "./pipeline.js";
import { TokenBucket } from "./token-bucket.js";

/** Buckets of one kind that are kept for one plugin; the oldest that is full goes first. */
export const MAX_BUCKETS = 10_000;
/** How many of the oldest are looked at for one that is full. */
const LOOKED_AT = 16;

/** Separates names in a key: neither a tenant nor a caller can contain it. */
const SEPARATOR = "\n";

/** What a rate is counted by, narrowest words for the error. */
const KEYS = {
  plugin: () => "",
  tenant: ({ tenant }: PipelineCall) => tenant,
  caller: (call: PipelineCall) => `${call.tenant}${SEPARATOR}${callerOf(call)}`,
  action: ({ action }: PipelineCall) => action.name,
} as const;

type Kind = keyof typeof KEYS;

/**
 * Who counts as one caller: the plugin that calls, else the user the application names, else the application. Neither
 * can pass for the other: an application's caller has no control characters.
 */
export function callerOf({ chain, caller }: PipelineCall): string {
  const plugin = chain.at(-1);
  return plugin === undefined ? (caller ?? "") : `${SEPARATOR}${plugin.id}`;
}

/**
 * Refuses with RATE_LIMITED, and says after which time to come again, what is more than the operator's rates for this
 * plugin: in all, by tenant, by caller, by action. Nothing where no rate is set. A call that one rate refuses is
 * counted by none.
 */
export function rateLimit({ settings }: LoadedPlugin): Stage | undefined {
  const limits = (Object.keys(KEYS) as Kind[]).flatMap((kind) => {
    const rate = settings.rate[kind];
    return rate === undefined ? [] : [createLimit(kind, rate)];
  });
  if (limits.length === 0) return undefined;
  return (next) => (call) => {
    const now = performance.now();
    const buckets = limits.map((limit) => limit.bucketOf(call, now));
    const waits = buckets.map((bucket) => bucket.waitMs(now));
    const longest = Math.max(...waits);
    if (longest > 0) {
      // Safe: one of the waits is the longest of them.
      const { kind } = limits[waits.indexOf(longest)] as (typeof limits)[number];
      return Promise.reject(limited(call, kind, Math.ceil(longest)));
    }
    for (const bucket of buckets) bucket.take();
    return next(call);
  };
}

function createLimit(kind: Kind, rate: Rate) {
  const buckets = new Map<string, TokenBucket>();
  return {
    kind,
    bucketOf(call: PipelineCall, now: number): TokenBucket {
      const key = KEYS[kind](call);
      const known = buckets.get(key);
      if (known !== undefined) return known;
      if (buckets.size >= MAX_BUCKETS) buckets.delete(dispensable(buckets, now));
      const bucket = new TokenBucket(rate, now);
      buckets.set(key, bucket);
      return bucket;
    },
  };
}

function dispensable(buckets: ReadonlyMap<string, TokenBucket>, now: number): string {
  let oldest: string | undefined;
  let looked = 0;
  for (const [key, bucket] of buckets) {
    oldest ??= key;
    if (bucket.isFull(now)) return key;
    if (++looked === LOOKED_AT) break;
  }
  return oldest ?? "";
}

function limited({ plugin, action }: PipelineCall, kind: Kind, retryAfterMs: number): PaddockError {
  const { id } = plugin.manifest;
  const { count, windowMs } = plugin.settings.rate[kind] ?? { count: 0, windowMs: 0 };
  return new PaddockError(
    "RATE_LIMITED",
    `Cannot run "${action.name}" of "${id}": more than ${count} calls in ${windowMs / 1000} s for ${kind === "plugin" ? "the plugin" : `one ${kind}`}.`,
    {
      hint: `Call again in ${retryAfterMs} ms, or raise the setting rate.${kind}.`,
      data: { plugin: id, action: action.name, limit: kind, retryAfterMs },
    },
  );
}
