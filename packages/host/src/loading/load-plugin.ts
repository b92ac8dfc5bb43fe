import { join } from "node:path";
import { type Manifest, PaddockError } from "@paddock/contract";
import { loadPluginCode } from "../bundle/load-plugin.js";
import { readManifest } from "../bundle/read-manifest.js";
import type { BundleStore } from "../bundle/store.js";
import { effectiveLimits } from "../config/effective-limits.js";
import { effectiveSettings } from "../config/effective-settings.js";
import type { ResolvedConfig } from "../config/resolve-config.js";
import type { Isolation } from "../isolation/isolation.js";
import { effectivePermissions } from "../permissions/effective-permissions.js";
import type { NodeRuntime } from "../runtimes/node.js";
import type { Runtime } from "../runtimes/runtime.js";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";

/** What loading needs of the other rooms. */
export interface LoadingRooms {
  readonly config: ResolvedConfig;
  readonly isolation: Isolation;
  readonly bundles: BundleStore;
  /** Bundles what is written for it. */
  readonly node: NodeRuntime;
  /** Every runtime there is, that one too. */
  readonly runtimes: readonly Runtime[];
}

export interface StoredPlugin extends LoadedPlugin {
  /** Its files in the store. */
  readonly directory: string;
}

/**
 * From a folder that may be hostile to a plugin that can be started. None of its code runs here. Rejects with
 * MANIFEST_INVALID, PLUGIN_INVALID, BUNDLE_FAILED or an error of the host's.
 */
export async function loadPlugin(
  folder: string,
  { config, isolation, bundles, node, runtimes }: LoadingRooms,
): Promise<StoredPlugin> {
  const draft = await readManifest(folder);
  const runtime = findRuntime(draft, runtimes);
  const code = await loadPluginCode({
    folder,
    entry: draft.runtime.entry,
    isBundled: runtime.kind === node.kind,
    store: bundles,
    isolation,
    node,
  });
  // What counts is the manifest that was stored with the code, not the one that was read before.
  const manifest = await readManifest(code.directory);
  if (!isSameCode(manifest, draft)) {
    throw new PaddockError("PLUGIN_INVALID", `Cannot load "${draft.id}": its manifest changed meanwhile.`, {
      hint: "Load it again.",
    });
  }
  const { limits } = effectiveLimits(config, manifest);
  return {
    manifest,
    digest: code.digest,
    directory: code.directory,
    program: await runtime.program({
      directory: code.directory,
      entry: code.entry,
      manifest,
      memoryBytes: limits.memoryBytes,
    }),
    limits,
    config: config.plugins[manifest.id]?.config ?? {},
    permissions: effectivePermissions(manifest, config),
    actions: loadActions(manifest, limits.timeoutMs),
    settings: effectiveSettings(config, manifest),
    hasGuards: config.interpreter.guards ?? true,
    dataDirectory: (tenant) => ({ source: join(config.home, "data", manifest.id, `tenant-${tenant}`) }),
    assertUnchanged: () => bundles.check(code.tree),
  };
}

function findRuntime({ id, runtime }: Manifest, runtimes: readonly Runtime[]): Runtime {
  const found = runtimes.find(({ kind }) => kind === runtime.kind);
  if (found !== undefined) return found;
  const known = runtimes.map(({ kind }) => `"${kind}"`).join(", ");
  throw new PaddockError(
    "PLUGIN_INVALID",
    `Cannot load "${id}": this version does not run plugins of kind "${runtime.kind}".`,
    { hint: `Kinds that run: ${known}. Set runtime.kind in the manifest to one of them.` },
  );
}

function isSameCode(stored: Manifest, draft: Manifest): boolean {
  const { id, runtime } = stored;
  return id === draft.id && runtime.kind === draft.runtime.kind && runtime.entry === draft.runtime.entry;
}

function loadActions(manifest: Manifest, limitMs: number): ReadonlyMap<string, LoadedAction> {
  return new Map(
    Object.values(manifest.actions).map((spec) => [
      spec.name,
      {
        name: spec.name,
        nameJson: JSON.stringify(spec.name),
        isIdempotent: spec.idempotent,
        timeoutMs: Math.min(limitMs, spec.timeoutMs ?? limitMs),
        errors: spec.errors,
      },
    ]),
  );
}
