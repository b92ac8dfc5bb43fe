import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Context } from "../context.js";
import type { Plugin } from "../define-plugin.js";

/** An action ready to be called. */
export interface Action {
  readonly run: (this: unknown, input: unknown, ctx: Context) => unknown;
  /** What `this` is in it: the object that the author wrote it in. */
  readonly self: unknown;
  readonly input: StandardSchemaV1 | undefined;
  readonly output: StandardSchemaV1 | undefined;
}

/** The plugin's own actions by name. A Map, as a caller may ask for "constructor" or "__proto__". */
export function readActions(plugin: Plugin): ReadonlyMap<string, Action> {
  const actions = new Map<string, Action>();
  for (const [name, definition] of Object.entries(plugin.actions ?? {})) {
    actions.set(name, readAction(name, plugin, definition));
  }
  return actions;
}

function readAction(name: string, plugin: Plugin, definition: Plugin["actions"][string]): Action {
  if (typeof definition === "function") {
    return { run: definition, self: plugin.actions, input: undefined, output: undefined };
  }
  if (typeof definition !== "object" || definition === null || typeof definition.run !== "function") {
    throw new TypeError(`Action "${name}" is neither a function nor an object with "run"`);
  }
  const { input, output } = definition;
  for (const schema of [input, output]) {
    if (schema !== undefined && typeof schema["~standard"]?.validate !== "function") {
      throw new TypeError(`A schema of action "${name}" is not a Standard Schema`);
    }
  }
  return { run: definition.run, self: definition, input, output };
}
