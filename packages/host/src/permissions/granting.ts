import type { CapabilityId, PresetName } from "@paddock/contract";

/** Who says yes: nobody, so that only what is automatic is granted, or the development preset to what is asked. */
export type Granting = "automatic" | "requested";

/** The operator's preset decides, never the manifest. It removes no wall: each capability here is only a request. */
export function grantingOf(preset: PresetName): Granting {
  return preset === "development" ? "requested" : "automatic";
}

/** What development grants on request: capabilities that something stands behind, and that open no wall. */
const GRANTED_ON_REQUEST: ReadonlySet<CapabilityId> = new Set([
  "storage.kv",
  "events.subscribe",
  "events.publish",
  "plugin.call",
  "background.run",
]);

export function isGrantedOnRequest(use: CapabilityId): boolean {
  return GRANTED_ON_REQUEST.has(use);
}
