import { type ErrorCode, PaddockError } from "@paddock/contract";
import type { Stage } from "./pipeline.js";

/** What a schema finds wrong with a value, or nothing. */
export type Validate = (
  value: unknown,
) => readonly { readonly path: string; readonly message: string }[] | undefined;

export interface ActionSchemas {
  readonly input: Validate | undefined;
  readonly output: Validate | undefined;
}

/** Refuses input that the action's schema does not allow, and answers that break the plugin's own contract. */
export function validate(schemasOf: (action: object) => ActionSchemas | undefined): Stage {
  return (next) => (call) => {
    const schemas = schemasOf(call.action);
    const problems = schemas?.input?.(call.payload);
    if (problems !== undefined)
      return Promise.reject(invalid("INPUT_INVALID", call.action.name, call.plugin.manifest.id, problems));
    const answer = next(call);
    const output = schemas?.output;
    if (output === undefined) return answer;
    return answer.then((value) => {
      const found = output(value);
      if (found !== undefined)
        throw invalid("OUTPUT_INVALID", call.action.name, call.plugin.manifest.id, found);
      return value;
    });
  };
}

function invalid(
  code: Extract<ErrorCode, "INPUT_INVALID" | "OUTPUT_INVALID">,
  action: string,
  plugin: string,
  problems: readonly { readonly path: string; readonly message: string }[],
): PaddockError {
  const what = code === "INPUT_INVALID" ? "The input of" : "The answer of";
  const first = problems
    .map(({ path, message }) => `${path === "" ? "the value" : path} ${message}`)
    .join("; ");
  return new PaddockError(code, `${what} "${action}" of "${plugin}" does not fit its schema: ${first}.`, {
    hint:
      code === "INPUT_INVALID"
        ? "Correct the payload."
        : "The plugin's author must correct the answer or the schema.",
    data: { plugin, action, problems },
  });
}
