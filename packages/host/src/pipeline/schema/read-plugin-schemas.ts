import type { Manifest, SchemaSource } from "@paddock/contract";
import { readManifest } from "../../bundle/read-manifest.js";
import { compileSchema } from "./compile-schema.js";
import { readSchema } from "./read-schema.js";

/** What a plugin says about its actions. */
export interface PluginSchemas {
  readonly manifest: Manifest;
  /** In the manifest's order. */
  readonly actions: readonly ActionSchemaTexts[];
}

export interface ActionSchemaTexts {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** JSON Schemas that were checked as if the plugin were loaded: known keywords, no circles; `undefined` for none. */
  readonly input: unknown;
  readonly output: unknown;
}

/**
 * The manifest of a folder with the schemas of its actions; nothing is bundled or run. Rejects with
 * MANIFEST_INVALID, or PLUGIN_INVALID for a schema that a host would not take.
 */
export async function readPluginSchemas(folder: string): Promise<PluginSchemas> {
  const manifest = await readManifest(folder);
  const actions: ActionSchemaTexts[] = [];
  for (const { name, title, description, input, output } of Object.values(manifest.actions)) {
    actions.push({
      name,
      title,
      description,
      input: await readChecked(input, folder, `actions.${name}.input`),
      output: await readChecked(output, folder, `actions.${name}.output`),
    });
  }
  return { manifest, actions };
}

async function readChecked(
  source: SchemaSource | undefined,
  folder: string,
  where: string,
): Promise<unknown> {
  if (source === undefined) return undefined;
  const schema = await readSchema(source, folder);
  await compileSchema(schema, where);
  return schema;
}
