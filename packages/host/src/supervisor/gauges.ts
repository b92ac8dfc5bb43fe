import type { WatchedResource } from "../telemetry/lifecycle-event.js";
import type { PluginGauges } from "../telemetry/plugin-gauges.js";
import type { LoadedPlugin } from "./plugin.js";
import type { PluginStatus } from "./plugin-status.js";
import { usedOf } from "./usage-warnings.js";

/** A plugin's status as metrics show it; `queued` calls wait before the supervisor. */
export function gaugesOf(plugin: LoadedPlugin, status: PluginStatus, queued: number): PluginGauges {
  const { guests } = status;
  const usage: Partial<Record<WatchedResource, number>> = {};
  for (const { sample } of guests) {
    for (const [resource, used, limit] of sample === undefined ? [] : usedOf(sample, plugin)) {
      if (used !== undefined) usage[resource] = Math.max(used / limit, usage[resource] ?? 0);
    }
  }
  return {
    plugin: status.id,
    state: status.state,
    guests: guests.length,
    notReady: guests.filter(({ condition }) => condition === "not-ready").length,
    inFlight: guests.reduce((sum, { calls }) => sum + calls, 0),
    queued: status.waiting + queued,
    queueLimit: plugin.settings.queue.size,
    memoryBytes: guests.reduce((sum, { sample }) => sum + (sample?.memoryBytes ?? 0), 0),
    usage,
  };
}
