import { PLUGIN_STATES, type PluginStateName, type WatchedResource } from "./lifecycle-event.js";
import type { MetricName } from "./metric-table.js";
import type { MetricSample } from "./metrics-snapshot.js";

/** What one plugin is doing now. */
export interface PluginGauges {
  readonly plugin: string;
  readonly state: PluginStateName;
  readonly guests: number;
  readonly notReady: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly queueLimit: number;
  readonly memoryBytes: number;
  /** Of the guest that is nearest to its limit; what cannot be known is absent. */
  readonly usage: Partial<Readonly<Record<WatchedResource, number>>>;
}

type GaugeSamples = readonly (readonly [MetricName, MetricSample])[];

export function sampleGauges(gauges: PluginGauges): GaugeSamples {
  const { plugin, state } = gauges;
  const of = (name: MetricName, value: number, more: Readonly<Record<string, string>> = {}) =>
    [name, { labels: { plugin, ...more }, value }] as const;
  return [
    of("paddock_queue_length", gauges.queued),
    of("paddock_queue_limit", gauges.queueLimit),
    of("paddock_calls_in_flight", gauges.inFlight),
    of("paddock_guests", gauges.guests),
    of("paddock_guests_not_ready", gauges.notReady),
    of("paddock_guest_memory_bytes", gauges.memoryBytes),
    ...PLUGIN_STATES.map((one) => of("paddock_plugin_state", one === state ? 1 : 0, { state: one })),
    ...Object.entries(gauges.usage).map(([resource, ratio]) =>
      of("paddock_guest_usage_ratio", ratio, { resource }),
    ),
  ];
}
