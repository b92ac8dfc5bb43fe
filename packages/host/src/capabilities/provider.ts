import type { CapabilityId, Parameters } from "@paddock/contract";
import type { z } from "zod";
import type { LiveCall } from "./guest-identity.js";

/** What stands behind one capability: the methods that guests reach it by. */
export interface CapabilityProvider {
  readonly capability: CapabilityId;
  /** By name on the wire, such as "kv.get"; each name belongs to one provider. */
  readonly methods: Readonly<Record<string, ProviderMethod>>;
  /** Lets go of what it holds; what runs is settled first. May be called twice. */
  close(): Promise<void>;
}

export interface ProviderMethod<P = unknown> {
  /** Strict: what it does not name is refused. The request's `call` is taken out before. */
  readonly params: z.ZodType<P>;
  /** What of the capability these params need, in normal form; nothing in particular when not given. */
  asks?(params: P): Parameters;
  /**
   * Does it. A PaddockError about the plugin (QUOTA_EXCEEDED, USAGE_INVALID) reaches the plugin as it is, so it
   * names nothing of the host's; of any other failure the plugin learns the code only. Bounded in time and size.
   */
  run(params: P, request: ProviderRequest): Promise<unknown>;
}

/** Who asks, and what it may do. */
export interface ProviderRequest {
  readonly plugin: PluginIdentity;
  readonly tenant: string;
  /** The live call it serves; `undefined` while the guest starts. */
  readonly call: number | undefined;
  readonly live: LiveCall | undefined;
  /** All that this plugin may do, capability → parameters. */
  readonly permissions: Readonly<Record<string, Parameters>>;
  /** Effective parameters of the capability: the most this guest may have of it. */
  readonly allowed: Parameters;
  /** Aborts when the guest is gone and nobody waits for the answer; `undefined` where nobody can tell. */
  readonly signal: AbortSignal | undefined;
}

export interface PluginIdentity {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
}
