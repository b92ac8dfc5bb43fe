import type { Limits, Manifest, Parameters } from "@paddock/contract";
import type { EffectiveSettings } from "../config/effective-settings.js";
import type { DataDirectory } from "../isolation/isolation.js";
import type { Program } from "../runtimes/runtime.js";

/** A plugin that is ready to be started: its code in the store, its limits and rights decided. */
export interface LoadedPlugin {
  readonly manifest: Manifest;
  /** Content digest of the code that runs: the plugin's identity. */
  readonly digest: string;
  readonly program: Program;
  readonly limits: Limits;
  readonly config: unknown;
  /** Effective permissions, told to the guest. */
  readonly permissions: Readonly<Record<string, Parameters>>;
  readonly actions: ReadonlyMap<string, LoadedAction>;
  /** How it is run and called. */
  readonly settings: EffectiveSettings;
  readonly hasGuards: boolean;
  readonly dataDirectory: (tenant: string) => DataDirectory;
  /** Rejects with PLUGIN_INVALID when anybody touched the stored code since it was verified. */
  readonly assertUnchanged: () => Promise<void>;
}

export interface LoadedAction {
  readonly name: string;
  /** Name as JSON, made once. */
  readonly nameJson: string;
  readonly isIdempotent: boolean;
  /** The operator's limit for one call of this action; past it the guest is ended. */
  readonly timeoutMs: number;
  /** Codes that the manifest declares. */
  readonly errors: Readonly<Record<string, string>>;
}
