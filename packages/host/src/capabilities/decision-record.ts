import type { CapabilityId, ErrorCode } from "@paddock/contract";
import type { PluginIdentity } from "./provider.js";

/** What the operator learns about one request of a guest. */
export interface DecisionRecord {
  readonly plugin: PluginIdentity;
  readonly tenant: string;
  /** `undefined` when there is no such method: its name would be the guest's own text. */
  readonly method: string | undefined;
  readonly capability: CapabilityId | undefined;
  /** The live call it names, whether true or not. */
  readonly call: number | undefined;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied"; readonly code: ErrorCode; readonly hint: string }
  /** It was allowed, and then it did not work. `error` has the host's own words and may hold paths. */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly error: unknown };
