import { type CapabilityId, type CapabilityRequest, type PresetName, riskOf } from "@paddock/contract";

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

/** Whether a request is granted without anybody's doing. */
export function isGranted(
  request: Pick<CapabilityRequest, "use" | "parameters">,
  granting: Granting,
): boolean {
  const risk = riskOf(request);
  return risk === "R0" || (granting === "requested" && risk !== "RX" && GRANTED_ON_REQUEST.has(request.use));
}
