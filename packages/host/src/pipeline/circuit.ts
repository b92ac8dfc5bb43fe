/**
 * A circuit is closed while calls may go on. After so many failures in a row it is open for a while; then it is half
 * open: one call may try, and its outcome decides.
 */
export type Circuit =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: number }
  | { readonly kind: "half-open"; readonly isProbing: boolean };

export type CircuitEvent =
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly at: number }
  /** It ended, but says nothing about the plugin. */
  | { readonly kind: "ended" }
  /** Somebody wants to call. */
  | { readonly kind: "asked"; readonly at: number };

export interface CircuitSettings {
  readonly failures: number;
  readonly openForMs: number;
}

export const CLOSED: Circuit = { kind: "closed", failures: 0 };

export function nextCircuit(circuit: Circuit, event: CircuitEvent, settings: CircuitSettings): Circuit {
  switch (circuit.kind) {
    case "closed":
      if (event.kind === "succeeded") return CLOSED;
      if (event.kind !== "failed") return circuit;
      if (circuit.failures + 1 < settings.failures) return { kind: "closed", failures: circuit.failures + 1 };
      return { kind: "open", until: event.at + settings.openForMs };
    case "open":
      if (event.kind !== "asked" || event.at < circuit.until) return circuit;
      return { kind: "half-open", isProbing: true };
    case "half-open":
      if (event.kind === "succeeded") return CLOSED;
      if (event.kind === "failed") return { kind: "open", until: event.at + settings.openForMs };
      return { kind: "half-open", isProbing: event.kind === "asked" };
  }
}
