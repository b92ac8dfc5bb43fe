import { PaddockError } from "@paddock/contract";
import type { DecisionRecord, Outcome } from "./decision-record.js";
import { refusal, toGuestError } from "./guest-error.js";
import type { GuestIdentity, LiveCalls } from "./guest-identity.js";
import { judge, type Route, type Verdict } from "./judge.js";
import type { CapabilityProvider } from "./provider.js";

/** Every request of every guest comes through here. */
export interface Broker {
  /**
   * Decides about a guest's request and does it. `method` and `params` are the guest's and hostile. Rejects only
   * with PaddockErrors that the plugin may see.
   */
  handle(guest: GuestIdentity, method: string, params: unknown, liveCalls: LiveCalls): Promise<unknown>;
  /** Closes every provider. May be called twice. */
  close(): Promise<void>;
}

export interface BrokerOptions {
  readonly providers: readonly CapabilityProvider[];
  /** Hears of every decision before its effect, and of every failure. Be quick; if it throws, the answer is no. */
  readonly onDecision?: (record: DecisionRecord) => void;
}

export function createBroker({ providers, onDecision = () => {} }: BrokerOptions): Broker {
  const routes = routesOf(providers);
  return {
    async handle(guest, method, params, liveCalls) {
      const route = routes.get(method);
      const verdict = judge({ route, params }, guest, liveCalls);
      const subject = { plugin: guest.plugin, tenant: guest.tenant, ...subjectOf(route, params) };
      record({ ...subject, outcome: outcomeOf(verdict) });
      if (verdict.kind === "deny") throw verdict.error;
      try {
        return await verdict.route.method.run(verdict.params, verdict.request);
      } catch (error) {
        const shown = toGuestError(error, verdict.route.capability);
        record({ ...subject, outcome: { kind: "failed", code: shown.code, error } });
        throw shown;
      }
    },
    async close() {
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };

  function record(entry: DecisionRecord): void {
    try {
      onDecision(entry);
    } catch {
      throw refusal("INTERNAL", entry.capability);
    }
  }
}

/** A map: a guest may ask for the method "constructor". */
function routesOf(providers: readonly CapabilityProvider[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { capability, methods } of providers) {
    for (const [name, method] of Object.entries(methods)) {
      if (routes.has(name)) throw new PaddockError("INTERNAL", `Cannot provide "${name}" twice.`);
      routes.set(name, { name, capability, method });
    }
  }
  return routes;
}

function subjectOf(
  route: Route | undefined,
  params: unknown,
): Pick<DecisionRecord, "method" | "capability" | "call"> {
  const call: unknown =
    typeof params === "object" && params !== null && "call" in params ? params.call : undefined;
  return {
    method: route?.name,
    capability: route?.capability,
    call: typeof call === "number" ? call : undefined,
  };
}

function outcomeOf(verdict: Verdict): Outcome {
  if (verdict.kind === "allow") return { kind: "allowed" };
  return { kind: "denied", code: verdict.error.code, hint: verdict.hint };
}
