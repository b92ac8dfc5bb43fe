import type { CapabilityRequest } from "../capabilities/request.js";
import type { Limits } from "../limits.js";
import type { ActionSpec } from "./action.js";
import type { SchemaSource } from "./schema-source.js";

/** What executes a plugin's code. */
export const RUNTIME_KINDS = ["node", "python", "program", "wasm", "mcp"] as const;
export type RuntimeKind = (typeof RUNTIME_KINDS)[number];

/**
 * What an author says about a plugin, checked and frozen. Its records have no prototype, so that a name
 * like "constructor" is only there when the author wrote it.
 */
export interface Manifest {
  readonly manifest: 1;
  /** `publisherName/name` */
  readonly id: string;
  readonly publisherName: string;
  readonly name: string;
  readonly version: string;
  /** The plugin's own name when the author gives no other. */
  readonly title: string;
  readonly description?: string;
  readonly publisher?: { readonly name: string; readonly contact?: string };
  /** Versions of Paddock it works with, as a range. */
  readonly engines: { readonly paddock?: string };
  readonly mode: "sandboxed" | "trusted";
  readonly runtime: {
    readonly kind: RuntimeKind;
    readonly entry: string;
    /** Modules that a Python plugin may import besides its own files; every one when it does not say. */
    readonly imports?: readonly string[];
  };
  readonly implements: readonly string[];
  readonly actions: Readonly<Record<string, ActionSpec>>;
  readonly permissions: {
    readonly required: readonly CapabilityRequest[];
    readonly optional: readonly CapabilityRequest[];
  };
  /** Wishes below the operator's ceiling. */
  readonly wants: Partial<Limits>;
  readonly health?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Shape of what the operator configures for the plugin. */
  readonly config?: SchemaSource;
  /** Plugin id → version range. */
  readonly depends: Readonly<Record<string, string>>;
}
