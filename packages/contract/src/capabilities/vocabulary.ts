import { applicationCapabilities } from "./application.js";
import type { Capability } from "./capability.js";
import { fileCapabilities } from "./files.js";
import { networkCapabilities } from "./network.js";
import { resourceCapabilities } from "./resources.js";

/**
 * Everything a plugin may ask for, in one table: its parameters, its risk and the sentence a person
 * reads. The manifest schema, the decisions and the documents are made from it.
 */
export const CAPABILITIES = {
  ...networkCapabilities,
  ...fileCapabilities,
  ...applicationCapabilities,
  ...resourceCapabilities,
} as const satisfies Record<string, Capability>;

export type CapabilityId = keyof typeof CAPABILITIES;

export const CAPABILITY_IDS: readonly CapabilityId[] = Object.keys(CAPABILITIES).filter(isCapabilityId);

export function isCapabilityId(value: unknown): value is CapabilityId {
  // Own keys only: a guest may ask for "constructor".
  return typeof value === "string" && Object.hasOwn(CAPABILITIES, value);
}

/** The row, seen as every row is. */
export function capabilityOf(id: CapabilityId): Capability {
  return CAPABILITIES[id];
}
