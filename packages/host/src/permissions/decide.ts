import {
  CAPABILITY_IDS,
  type CapabilityId,
  capabilityOf,
  isCapabilityId,
  isWithin,
  type Limits,
  nearestName,
  type Parameters,
  quote,
  riskOf,
} from "@paddock/contract";
import { type Declaring, declaredParameters, grantedParameters } from "./effective-permissions.js";
import type { Granting } from "./granting.js";

/** What a guest asks for, as the broker understood it. Both parts come from the guest: nothing is trusted. */
export interface PermissionRequest {
  readonly capability: string;
  /** Parameters in normal form; sizes and counts that are not asked for are 0. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface DecisionContext {
  readonly manifest: Declaring;
  /** The plugin's effective limits, which are ceilings too. */
  readonly limits: Limits;
  /** What is granted besides what is automatic; nothing when not given. */
  readonly granting?: Granting;
}

export type DenyCode =
  | "CAPABILITY_UNKNOWN"
  | "CAPABILITY_NOT_DECLARED"
  | "CAPABILITY_NOT_GRANTED"
  | "CEILING_EXCEEDED"
  | "INTERNAL";

export type Decision =
  | { readonly kind: "allow"; readonly capability: CapabilityId; readonly parameters: Parameters }
  | {
      readonly kind: "deny";
      readonly code: DenyCode;
      readonly capability: string;
      /** For the plugin: names the capability and nothing of the operator's. */
      readonly message: string;
      /** For the operator: why, and what would change it. */
      readonly hint: string;
    };

/** Longest name of a capability that is repeated to anybody. */
const MAX_NAME_LENGTH = 64;

/**
 * Decides about one request: known? declared? granted? below the ceiling? The first step that fails is the
 * reason. Pure; an error anywhere denies.
 */
export function decide(request: PermissionRequest, context: DecisionContext): Decision {
  try {
    return isCapabilityId(request.capability)
      ? decideKnown(request.capability, request.parameters, context)
      : denyUnknown(request.capability);
  } catch {
    return deny(
      "INTERNAL",
      "unknown",
      "The decision failed, so the answer is no. This is a mistake of the host.",
    );
  }
}

function decideKnown(
  use: CapabilityId,
  asked: PermissionRequest["parameters"],
  { manifest, limits, granting }: DecisionContext,
): Decision {
  if (!declaredParameters(manifest, use).some((declared) => isWithin(use, asked, declared))) {
    const hint = `Declare it in the manifest: permissions.required: [{ use: ${use}, … }], with these parameters.`;
    return deny("CAPABILITY_NOT_DECLARED", use, hint);
  }
  if (!grantedParameters(manifest, use, granting).some((granted) => isWithin(use, asked, granted))) {
    return deny(
      "CAPABILITY_NOT_GRANTED",
      use,
      "Nobody has granted it; this host grants only what is automatic, or what is asked under the development preset.",
    );
  }
  // Safe: isWithin() has looked at every value, and says no to any that is not a parameter's.
  const parameters = asked as Parameters;
  if (riskOf({ use, parameters }) === "RX") {
    return deny("CEILING_EXCEEDED", use, "No third party may have this.");
  }
  const ceiling = capabilityOf(use).ceiling?.(limits);
  if (ceiling !== undefined && !isWithin(use, asked, ceiling)) {
    return deny(
      "CEILING_EXCEEDED",
      use,
      "It is more than the plugin's limits allow; raise them in the configuration.",
    );
  }
  return { kind: "allow", capability: use, parameters };
}

function denyUnknown(name: unknown): Decision {
  const text = typeof name === "string" ? name.slice(0, MAX_NAME_LENGTH) : "unknown";
  const nearest = nearestName(text, CAPABILITY_IDS);
  const hint =
    nearest === undefined ? "docs/capabilities.md lists what there is." : `Did you mean "${nearest}"?`;
  return deny("CAPABILITY_UNKNOWN", text, hint);
}

function deny(code: DenyCode, capability: string, hint: string): Decision {
  // The name may be a guest's own text: quoted and escaped, so that it can forge no line of a log.
  return { kind: "deny", code, capability, message: `${code}: ${quote(capability)}`, hint };
}
