import type { LifecycleEvent } from "../telemetry/lifecycle-event.js";
import type { Operation } from "./create-admin.js";

/** What somebody did, as an event in the life of the plugin that it was done to. */
export function operatedEvent({ actor, method, plugin, failure }: Operation): LifecycleEvent {
  const { id, version } = plugin.manifest;
  const about = { at: Date.now(), plugin: id, version, kind: "operated", actor, method } as const;
  if (failure === undefined) return about;
  const { code, message } = failure;
  return { ...about, failure: { code, message, fault: failure.about.fault } };
}
