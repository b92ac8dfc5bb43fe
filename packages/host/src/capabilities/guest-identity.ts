import type { Parameters } from "@paddock/contract";
import type { ChainLink } from "../permissions/call-chain.js";
import type { DecisionContext } from "../permissions/decide.js";
import type { PluginIdentity } from "./provider.js";

/** Who is at the other end of a connection. The host made it; nothing in it comes from the guest. */
export interface GuestIdentity {
  readonly plugin: PluginIdentity;
  readonly tenant: string;
  /** What `decide` looks at: the manifest and the limits. */
  readonly context: DecisionContext;
  /** Effective permissions, capability → parameters, as the guest was told. */
  readonly permissions: Readonly<Record<string, Parameters>>;
  /** Aborts when the guest ends; `undefined` where nobody can tell. */
  readonly signal?: AbortSignal | undefined;
}

/** What a request may be made for. */
export interface LiveCalls {
  /** Whether a call of this number runs in this very guest now. */
  has(id: number): boolean;
  /** That call; `undefined` for one that does not run, and where nobody can tell. */
  find?(id: number): LiveCall | undefined;
  /**
   * True until the guest has answered `initialize`, and again from `shutdown` to its answer: its hooks run then.
   * Only there it may ask without naming a call; at any other time that would be work in the background, which
   * must be granted.
   */
  readonly isStarting: boolean;
}

/** What a request takes over from the call that it serves. */
export interface LiveCall {
  /** Whose data the call is about: the guest may serve several. */
  readonly tenant: string;
  /** The plugins that led to the call, the first of them first. */
  readonly chain?: readonly ChainLink[] | undefined;
}
