import { schemaView } from "../streams/schema-view.js";
import type { ActionSchemas } from "./action-schemas.js";
import { invalidValue, problemsOf } from "./invalid-value.js";
import type { Stage } from "./pipeline.js";

/** Refuses answers that break the plugin's own contract. */
export function validateOutput(schemas: ReadonlyMap<string, ActionSchemas>): Stage {
  return (next) => (call) => {
    const { output, outputSource } = schemas.get(call.action.name) ?? {};
    if (output === undefined) return next(call);
    call.outputSchema = outputSource;
    return next(call).then((value) => {
      const view = schemaView(value);
      if (view.kind === "checked") return value;
      const problems = problemsOf(output, view.value);
      if (problems !== undefined) throw invalidValue("OUTPUT_INVALID", call, problems);
      return value;
    });
  };
}
