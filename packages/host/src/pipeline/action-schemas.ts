import type { ActionSpec, Manifest, SchemaSource } from "@paddock/contract";
import { compileSchema, type Validate } from "./schema/compile-schema.js";
import { declaredShape, type Shape } from "./schema/declared-shape.js";
import { readSchema } from "./schema/read-schema.js";

/** What an action says about its input and answer, ready to be used. */
export interface ActionSchemas {
  readonly input: Validate | undefined;
  /** Which fields the input has. */
  readonly shape: Shape | undefined;
  readonly output: Validate | undefined;
  /** What `output` was made from, for another thread to make it again. */
  readonly outputSource: unknown;
}

/** Of every action of a plugin, by name; a map, because an action may be called "constructor". */
export async function compilePluginSchemas(
  { actions }: Pick<Manifest, "actions">,
  directory: string,
): Promise<ReadonlyMap<string, ActionSchemas>> {
  const schemas = new Map<string, ActionSchemas>();
  for (const spec of Object.values(actions))
    schemas.set(spec.name, await compileActionSchemas(spec, directory));
  return schemas;
}

/**
 * Compiles what an action says about its input and answer; `directory` holds the plugin's stored files. Rejects
 * with PLUGIN_INVALID for a schema that is missing, not allowed, or too much work.
 */
export async function compileActionSchemas(spec: ActionSpec, directory: string): Promise<ActionSchemas> {
  const [schema, outputSource] = await Promise.all([
    spec.input && readSchema(spec.input, directory),
    spec.output && readSchema(spec.output, directory),
  ]);
  const output =
    spec.output === undefined ? undefined : await compileSchema(outputSource, `actions.${spec.name}.output`);
  if (spec.input === undefined) return { input: undefined, shape: undefined, output, outputSource };
  const input = await compileSchema(schema, `actions.${spec.name}.input`);
  return { input, shape: declaredShape(schema), output, outputSource };
}

/** The validator of one schema of a manifest, or nothing where it has none. */
export async function compile(
  source: SchemaSource | undefined,
  directory: string,
  where: string,
): Promise<Validate | undefined> {
  return source === undefined ? undefined : compileSchema(await readSchema(source, directory), where);
}
