import { type ErrorCode, PaddockError } from "@paddock/contract";
import { describeThrown } from "./describe-thrown.js";
import type { PipelineCall } from "./pipeline.js";
import type { SchemaProblem, Validate } from "./schema/compile-schema.js";

type InvalidCode = Extract<ErrorCode, "INPUT_INVALID" | "OUTPUT_INVALID">;

/** What is wrong with a value; a value that is too deep for the check is wrong too. */
export function problemsOf(validate: Validate, value: unknown): readonly SchemaProblem[] | undefined {
  try {
    return validate(value);
  } catch (error) {
    return [{ path: "", message: `cannot be checked: ${describeThrown(error)}` }];
  }
}

export function invalidValue(
  code: InvalidCode,
  { action, plugin }: PipelineCall,
  problems: readonly SchemaProblem[],
): PaddockError {
  const what = code === "INPUT_INVALID" ? "The input of" : "The answer of";
  const first = problems
    .map(({ path, message }) => `${path === "" ? "the value" : path} ${message}`)
    .join("; ");
  const { id } = plugin.manifest;
  return new PaddockError(code, `${what} "${action.name}" of "${id}" does not fit its schema: ${first}.`, {
    hint:
      code === "INPUT_INVALID"
        ? "Correct the payload."
        : "The plugin's author must correct the answer or the schema.",
    data: { plugin: id, action: action.name, problems },
  });
}
