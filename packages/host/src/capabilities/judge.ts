import {
  type CapabilityId,
  type ErrorCode,
  formatPath,
  isWithin,
  PaddockError,
  quote,
} from "@paddock/contract";
import type { z } from "zod";
import { rightsAlongChain } from "../permissions/call-chain.js";
import { decide } from "../permissions/decide.js";
import { refusal } from "./guest-error.js";
import type { GuestIdentity, LiveCalls } from "./guest-identity.js";
import type { ProviderMethod, ProviderRequest } from "./provider.js";

/** A method that exists, and the capability that it needs. */
export interface Route {
  readonly name: string;
  readonly capability: CapabilityId;
  readonly method: ProviderMethod;
}

/** A request as it came: everything in it is hostile but the route, which is ours. */
export interface GuestRequest {
  readonly route: Route | undefined;
  readonly params: unknown;
}

export type Verdict =
  | {
      readonly kind: "allow";
      readonly route: Route;
      readonly params: unknown;
      readonly request: ProviderRequest;
    }
  /** `error` is for the plugin, `hint` for the operator. */
  | { readonly kind: "deny"; readonly error: PaddockError; readonly hint: string };

/** Longest name or sentence of a problem that goes back to the plugin. */
const MAX_PROBLEM_CHARACTERS = 200;

/** The steps in order; the first that fails is the reason. An error on the way denies. */
export function judge({ route, params }: GuestRequest, guest: GuestIdentity, calls: LiveCalls): Verdict {
  if (route === undefined) return deny("CAPABILITY_UNKNOWN", undefined, "There is no such method.");
  const { capability, method } = route;
  try {
    if (!isRecord(params)) return misfit(route, "params: expected an object");
    const { call, ...rest } = params;
    if (!isCallNumber(call)) return misfit(route, "call: expected the number of a call");
    if (call === undefined ? !mayWorkAlone(guest, calls) : !calls.has(call)) {
      return deny("CALL_NOT_LIVE", capability, "It named no call that was running in this guest.");
    }
    // Only a method that asks for something particular is read before it is decided about.
    const parsed = method.params.safeParse(rest);
    const asked = parsed.success ? method.asks?.(parsed.data) : undefined;
    if (method.asks !== undefined && !parsed.success) return misfit(route, describe(parsed.error));
    const decision = decide({ capability, parameters: asked ?? {} }, guest.context);
    if (decision.kind === "deny") return deny(decision.code, capability, decision.hint);
    const live = call === undefined ? undefined : calls.find?.(call);
    const own = Object.hasOwn(guest.permissions, capability) ? guest.permissions[capability] : undefined;
    if (own === undefined) return deny("CAPABILITY_NOT_GRANTED", capability, "It is not effective.");
    const allowed = rightsAlongChain(capability, own, live?.chain ?? []);
    const isCut = allowed !== own && asked !== undefined;
    if (allowed === undefined || (isCut && !isWithin(capability, asked, allowed))) {
      return deny("CAPABILITY_NOT_GRANTED", capability, "A plugin that led to this call does not have it.");
    }
    if (!parsed.success) return misfit(route, describe(parsed.error));
    const { plugin, permissions, signal } = guest;
    const tenant = live?.tenant ?? guest.tenant;
    const request = { plugin, permissions, tenant, call, live, allowed, signal };
    return { kind: "allow", route, params: parsed.data, request };
  } catch (error) {
    return deny("INTERNAL", capability, `Deciding failed: ${String(error)}`);
  }
}

/** Work of no call is for hooks, and for those who may run in the background. */
function mayWorkAlone(guest: GuestIdentity, calls: LiveCalls): boolean {
  return calls.isStarting || Object.hasOwn(guest.permissions, "background.run");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCallNumber(value: unknown): value is number | undefined {
  return value === undefined || Number.isSafeInteger(value);
}

function deny(code: ErrorCode, capability: string | undefined, hint: string): Verdict {
  return { kind: "deny", error: refusal(code, capability), hint };
}

function misfit({ name, capability }: Route, problem: string): Verdict {
  const error = new PaddockError("USAGE_INVALID", `Cannot do "${name}": ${problem}.`, {
    data: { capability },
  });
  return { kind: "deny", error, hint: "The plugin's request does not have the shape of this method." };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "not valid";
  // The names of keys are the guest's own text: quoted, escaped and cut.
  if (issue.code === "unrecognized_keys") return `unknown key ${quote(issue.keys[0] ?? "")}`;
  return `${formatPath(issue.path)}: expected ${issue.message}`.slice(0, MAX_PROBLEM_CHARACTERS);
}
