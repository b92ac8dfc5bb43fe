import { type ErrorCode, formatPath, PaddockError } from "@paddock/contract";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.js";

/** Problems of one value that are told. */
export const MAX_VALUE_ISSUES = 20;
const MAX_ISSUE_CHARACTERS = 300;

/** What is checked, and how its misfit is told. */
export interface Checked {
  readonly code: Extract<ErrorCode, "INPUT_INVALID" | "OUTPUT_INVALID">;
  /** `The answer of "acme/loyalty" to "shop.discount@1"` */
  readonly subject: string;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the schema makes of the value, waited for where it is asynchronous. Rejects with the code of `about`. */
export async function checkValue<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  about: Checked,
): Promise<Output> {
  let result: SchemaResult<Output>;
  try {
    result = await schema["~standard"].validate(value);
  } catch (cause) {
    // A transformation of the application's tripped over what it was given.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw misfit(about, [{ message: `cannot be checked: ${message}` }], cause);
  }
  if (result.issues !== undefined) throw misfit(about, result.issues, undefined);
  return result.value;
}

function misfit(about: Checked, issues: readonly SchemaIssue[], cause: unknown): PaddockError {
  const problems = issues.slice(0, MAX_VALUE_ISSUES).map((issue) => ({
    path: formatPath((issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step))),
    // A schema may quote what a plugin answered.
    message: String(issue.message)
      .slice(0, MAX_ISSUE_CHARACTERS)
      .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\ufffd"),
  }));
  const list = problems
    .map(({ path, message }) => `${path === "" ? "the value" : path}: ${message}`)
    .join("; ");
  return new PaddockError(about.code, `${about.subject} does not fit its schema: ${list || "refused"}.`, {
    hint: about.hint,
    data: { ...about.data, problems },
    cause,
  });
}
