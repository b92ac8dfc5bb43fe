import { type Manifest, PaddockError } from "@paddock/contract";
import { compile } from "./action-schemas.js";

/** Checks what the operator configured for a plugin against what the plugin's manifest says. */
export async function checkPluginConfig(
  manifest: Manifest,
  config: unknown,
  directory: string,
): Promise<void> {
  const problems = (await compile(manifest.config, directory, "config"))?.(config);
  if (problems === undefined) return;
  const list = problems
    .map(({ path, message }) => `${path === "" ? "the whole" : path} ${message}`)
    .join("; ");
  throw new PaddockError(
    "CONFIG_INVALID",
    `The configuration of "${manifest.id}" does not fit its schema: ${list}.`,
    {
      hint: `Correct plugins[${JSON.stringify(manifest.id)}].config.`,
      data: { plugin: manifest.id, problems },
    },
  );
}
