import type { WireError } from "@paddock/contract";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { wireError } from "./failures.js";

/** Issues of one refused value that are told; more help nobody. */
const MAX_ISSUES = 20;
const MAX_ISSUE_CHARACTERS = 300;

/** What the schema makes of the value; throws SchemaRefusal when it refuses. A promise only if the schema's. */
export function checkSchema(
  schema: StandardSchemaV1,
  value: unknown,
  code: "INPUT_INVALID" | "OUTPUT_INVALID",
): unknown {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then((late) => read(late, code)) : read(result, code);
}

/** Carries the finished reply from where a schema refused to where the call is answered. */
export class SchemaRefusal extends Error {
  readonly reply: WireError;

  constructor(reply: WireError) {
    super(reply.message);
    this.reply = reply;
  }
}

function read(result: StandardSchemaV1.Result<unknown>, code: "INPUT_INVALID" | "OUTPUT_INVALID"): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: issue.path?.map((step) => String(typeof step === "object" ? step.key : step)).join(".") ?? "",
    message: String(issue.message).slice(0, MAX_ISSUE_CHARACTERS),
  }));
  const what = code === "INPUT_INVALID" ? "input does not fit the action" : "result does not fit its schema";
  const first = issues[0];
  const where = first === undefined || first.path === "" ? "" : `${first.path}: `;
  throw new SchemaRefusal(wireError(code, `The ${what}: ${where}${first?.message ?? "refused"}`, { issues }));
}
