import { capabilityOf, type Manifest, type PresetName, type Rate, type Share } from "@paddock/contract";
import type { ResolvedConfig } from "./resolve-config.js";

/** How one plugin is run and called: every default filled in. */
export interface EffectiveSettings {
  readonly share: Share;
  /** For each who shares a guest; `standby` for the plugin as a whole. */
  readonly instances: {
    readonly min: number;
    readonly max: number;
    readonly idleMs: number;
    readonly standby: number;
  };
  readonly queue: { readonly size: number };
  /** Most calls; `undefined` is no limit. */
  readonly rate: {
    readonly plugin: Rate | undefined;
    readonly tenant: Rate | undefined;
    readonly caller: Rate | undefined;
    readonly action: Rate | undefined;
  };
  readonly retry: { readonly attempts: number; readonly backoffMs: number };
  readonly breaker: { readonly failures: number; readonly openForMs: number };
  readonly health: { readonly intervalMs: number; readonly timeoutMs: number; readonly failures: number };
  readonly restart: { readonly crashes: number; readonly windowMs: number };
  readonly undeclared: "refuse" | "drop";
}

/** Guests for each who shares one, when nobody says. */
const INSTANCES = { min: 0, max: 1, idleMs: 600_000, standby: 0 } as const;
/** One more attempt, soon. */
const RETRY = { attempts: 2, backoffMs: 50 } as const;
const BREAKER = { failures: 10, openForMs: 10_000 } as const;
const HEALTH = { intervalMs: 30_000, timeoutMs: 3_000, failures: 2 } as const;
/** The first restarts are free, then they wait longer each time: eight crashes take about a quarter of a minute. */
const RESTART = { crashes: 8, windowMs: 600_000 } as const;
const QUEUE_SIZE = 1_024;

/** What the operator said for this plugin, else for every plugin, else a default. */
export function effectiveSettings(
  config: Pick<ResolvedConfig, "preset" | "defaults" | "plugins">,
  manifest: Pick<Manifest, "id" | "health"> & Partial<Pick<Manifest, "permissions">>,
): EffectiveSettings {
  const own = config.plugins[manifest.id]?.settings ?? {};
  const all = config.defaults;
  const share = strictShare(config.preset, own.share ?? all.share ?? "tenant", manifest.permissions);
  return Object.freeze({
    share,
    instances: Object.freeze({ ...INSTANCES, ...all.instances, ...own.instances }),
    queue: Object.freeze({ size: own.queue?.size ?? all.queue?.size ?? QUEUE_SIZE }),
    rate: Object.freeze({
      plugin: own.rate?.plugin ?? all.rate?.plugin,
      tenant: own.rate?.tenant ?? all.rate?.tenant,
      caller: own.rate?.caller ?? all.rate?.caller,
      action: own.rate?.action ?? all.rate?.action,
    }),
    retry: Object.freeze({ ...RETRY, ...all.retry, ...own.retry }),
    breaker: Object.freeze({ ...BREAKER, ...all.breaker, ...own.breaker }),
    // The author may ask to be looked at in another rhythm; what the operator says counts.
    health: Object.freeze({ ...HEALTH, ...manifest.health, ...all.health, ...own.health }),
    restart: Object.freeze({ ...RESTART, ...all.restart, ...own.restart }),
    undeclared: own.undeclared ?? all.undeclared ?? "refuse",
  });
}

/**
 * High security gives every call a guest of its own, whatever else is written; and who may do something in the name of
 * a person does not serve two of them in one guest.
 */
function strictShare(
  preset: PresetName,
  said: Share,
  permissions: Manifest["permissions"] | undefined,
): Share {
  if (preset === "high-security" || said === "call") return "call";
  const requests = permissions === undefined ? [] : [...permissions.required, ...permissions.optional];
  return requests.some(({ use }) => capabilityOf(use).isBoundToPerson) ? "caller" : said;
}
