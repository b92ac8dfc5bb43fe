import type { ActionSpec, SchemaSource } from "@paddock/contract";
import { compileSchema } from "./schema/compile-schema.js";
import { readSchema } from "./schema/read-schema.js";
import type { ActionSchemas, Validate } from "./validate.js";

/**
 * Compiles what an action says about its input and answer; `directory` holds the plugin's stored files. Rejects
 * with PLUGIN_INVALID for a schema that is missing, not allowed, or too much work.
 */
export async function compileActionSchemas(spec: ActionSpec, directory: string): Promise<ActionSchemas> {
  const [input, output] = await Promise.all([
    compile(spec.input, directory, `actions.${spec.name}.input`),
    compile(spec.output, directory, `actions.${spec.name}.output`),
  ]);
  return { input, output };
}

/** The validator of one schema of a manifest, or nothing where it has none. */
export async function compile(
  source: SchemaSource | undefined,
  directory: string,
  where: string,
): Promise<Validate | undefined> {
  return source === undefined ? undefined : compileSchema(await readSchema(source, directory), where);
}
