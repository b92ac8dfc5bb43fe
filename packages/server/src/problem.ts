import { isErrorCode, PaddockError, type ProblemDetails } from "@paddock/contract";

/** Problem details with everything an operator may know; a user of an application gets less. */
export type OperatorProblem = ProblemDetails & {
  readonly detail: string;
  readonly hint?: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export function toOperatorProblem(error: PaddockError): OperatorProblem {
  const { message, hint, data } = error.toJSON();
  return { ...error.toProblem(), detail: message, ...(hint === undefined ? {} : { hint }), data };
}

/** The error that a host answered with. */
export function fromProblem(body: unknown): PaddockError {
  if (!isRecord(body) || !isErrorCode(body.code)) return unknownAnswer();
  const { code, detail, hint, data } = body;
  return new PaddockError(code, typeof detail === "string" ? detail : code, {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(isRecord(data) ? { data } : {}),
  });
}

/** The error in the last line of a stream, or `undefined` for any other line. */
export function fromErrorLine(line: unknown): PaddockError | undefined {
  if (!isRecord(line) || !isRecord(line.error)) return undefined;
  const { message, ...rest } = line.error;
  return fromProblem({ ...rest, detail: message });
}

function unknownAnswer(): PaddockError {
  return new PaddockError("HOST_UNREACHABLE", "The host gave an answer that this command does not know.", {
    hint: "Command and host may be of different versions: restart the host.",
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
