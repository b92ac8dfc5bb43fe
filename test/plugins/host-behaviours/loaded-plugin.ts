import { parseManifest, presetLimits } from "@paddock/contract";
import { effectiveSettings } from "../../../packages/host/src/config/effective-settings.js";
import { resolveConfig } from "../../../packages/host/src/config/resolve-config.js";
import type { LoadedPlugin } from "../../../packages/host/src/supervisor/plugin.js";

/** A plugin as the pipeline knows it; there is no code behind it. */
export function makeLoadedPlugin(
  actions: Readonly<Record<string, object>>,
  settings: object = {},
  limits: Partial<LoadedPlugin["limits"]> = {},
): LoadedPlugin {
  const manifest = parseManifest(
    {
      manifest: 1,
      id: "acme/thumbs",
      version: "1.0.0",
      runtime: { kind: "node", entry: "main.js" },
      actions,
    },
    "plugin.yaml",
  );
  const specs = Object.values(manifest.actions);
  const config = resolveConfig({ defaults: settings });
  const plugin: Partial<LoadedPlugin> = {
    manifest,
    limits: { ...presetLimits("production"), ...limits },
    settings: effectiveSettings(config, manifest),
    actions: new Map(
      specs.map(({ name, idempotent, timeoutMs = 1_000, errors }) => [
        name,
        { name, nameJson: JSON.stringify(name), isIdempotent: idempotent, timeoutMs, errors },
      ]),
    ),
  };
  // Safe: the pipeline looks at nothing else of a plugin.
  return plugin as LoadedPlugin;
}
