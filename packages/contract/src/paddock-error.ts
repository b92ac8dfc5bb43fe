import { ERRORS, type ErrorCode, type ErrorRow, isErrorCode } from "./errors.js";

/** Marks our errors across copies of this package, where `instanceof` would say no. */
const BRAND = Symbol.for("paddock.error");

export interface PaddockErrorOptions {
  /** What the person who reads this should do next. */
  readonly hint?: string | undefined;
  /** Facts that may cross a wall: plain JSON, no paths of the host, no stacks. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Stays on this side of the wall. */
  readonly cause?: unknown;
}

/** The one error of Paddock: a code from the table, a message, and evidence as plain data. */
export class PaddockError extends Error {
  override readonly name = "PaddockError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PaddockErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.data = options.data ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The row of the table: HTTP status, exit status, fault, whether to retry. */
  get about(): ErrorRow {
    return ERRORS[this.code];
  }

  /** A sentence that is safe to show to any user: it names nothing of the host or of the plugin's words. */
  get userMessage(): string {
    return this.about.title;
  }

  /** What may cross a wall or be printed as JSON: code, message, hint and data; never stack or cause. */
  toJSON(): ErrorJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      fault: this.about.fault,
      retryable: this.about.retryable,
      data: this.data,
    };
  }

  /** Problem details for HTTP APIs (RFC 9457), `application/problem+json`; safe to show to users. */
  toProblem(instance?: string): ProblemDetails {
    return {
      type: `urn:paddock:error:${this.code.toLowerCase().replaceAll("_", "-")}`,
      title: this.about.title,
      status: this.about.http,
      code: this.code,
      retryable: this.about.retryable,
      ...(instance === undefined ? {} : { instance }),
    };
  }
}

export interface ErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly fault: string;
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly instance?: string;
}

/** True for errors of any copy of this package; with a code, only for that code. */
export function isPaddockError<C extends ErrorCode>(
  error: unknown,
  code?: C,
): error is PaddockError & { readonly code: C } {
  if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
  if (!("code" in error) || !isErrorCode(error.code)) return false;
  return code === undefined || error.code === code;
}

/** The error itself when it is ours, else INTERNAL around it, so that every rejection has a code. */
export function toPaddockError(error: unknown, doing: string): PaddockError {
  if (isPaddockError(error)) return error;
  const state = error instanceof Error ? error.message : String(error);
  return new PaddockError("INTERNAL", `Cannot ${doing}: ${state}`, { cause: error });
}
