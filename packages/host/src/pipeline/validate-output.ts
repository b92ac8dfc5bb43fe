import type { ActionSchemas } from "./action-schemas.js";
import { invalidValue, problemsOf } from "./invalid-value.js";
import type { Stage } from "./pipeline.js";

/** Refuses answers that break the plugin's own contract. */
export function validateOutput(schemas: ReadonlyMap<string, ActionSchemas>): Stage {
  return (next) => (call) => {
    const output = schemas.get(call.action.name)?.output;
    if (output === undefined) return next(call);
    return next(call).then((value) => {
      const problems = problemsOf(output, value);
      if (problems !== undefined) throw invalidValue("OUTPUT_INVALID", call, problems);
      return value;
    });
  };
}
