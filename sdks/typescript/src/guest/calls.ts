import { type CallParams, encodeFailure, encodeSuccess, type WireError } from "@paddock/contract";
import type { Action } from "./actions.js";
import { CallContext, type GuestState } from "./call-context.js";
import { checkSchema, SchemaRefusal } from "./check-schema.js";
import { toWireError, wireError } from "./failures.js";
import { findMisfit } from "./reply-bounds.js";

/** Runs calls and answers each once. An action that returns no promise is answered before this returns. */
export class Calls {
  readonly #actions: ReadonlyMap<string, Action>;
  readonly #state: GuestState;
  readonly #send: (line: string) => void;
  readonly #maxBytes: number;
  /** Only calls that wait: a synchronous action cannot be cancelled. */
  readonly #running = new Map<number, CallContext>();

  constructor(actions: ReadonlyMap<string, Action>, state: GuestState) {
    this.#actions = actions;
    this.#state = state;
    this.#send = state.sink.send;
    this.#maxBytes = state.sink.maxBytes;
  }

  run(id: number, params: CallParams): void {
    const action = this.#actions.get(params.action);
    if (action === undefined) {
      const known = [...this.#actions.keys()].join(", ");
      const message = `Cannot run "${params.action}": the plugin has the actions ${known}`;
      this.#send(encodeFailure(id, wireError("ACTION_NOT_FOUND", message)));
      return;
    }
    const context = new CallContext(this.#state, id, params.timeoutMs);
    try {
      const result =
        action.input === undefined && action.output === undefined
          ? action.run.call(action.self, params.payload, context)
          : runChecked(action, params.payload, context);
      if (isThenable(result)) this.#wait(id, context, result);
      else this.#succeed(id, result);
    } catch (thrown) {
      this.#fail(id, thrown, false);
    }
  }

  cancel(id: number): void {
    const context = this.#running.get(id);
    if (context !== undefined) CallContext.cancel(context);
  }

  #wait(id: number, context: CallContext, result: PromiseLike<unknown>): void {
    this.#running.set(id, context);
    // Costs nothing for a promise; a foreign thenable may throw, or call back twice.
    Promise.resolve(result).then(
      (value) => {
        this.#running.delete(id);
        this.#succeed(id, value);
      },
      (thrown) => {
        this.#running.delete(id);
        this.#fail(id, thrown, CallContext.isCancelled(context));
      },
    );
  }

  #succeed(id: number, value: unknown): void {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      const message = "The action returned bytes, which do not travel yet: return them as base64 text";
      this.#send(encodeFailure(id, wireError("PLUGIN_BUG", message)));
      return;
    }
    let line: string;
    try {
      line = encodeSuccess(id, value);
    } catch (thrown) {
      this.#fail(id, thrown, false);
      return;
    }
    const misfit = findMisfit(line, this.#maxBytes);
    if (misfit === undefined) this.#send(line);
    else this.#send(encodeFailure(id, wireError("RESULT_TOO_LARGE", `The result is too large: ${misfit}`)));
  }

  #fail(id: number, thrown: unknown, isCancelled: boolean): void {
    const error = thrown instanceof SchemaRefusal ? thrown.reply : toWireError(thrown, isCancelled);
    this.#send(encodeFitting(id, error, this.#maxBytes));
  }
}

/** An action with schemas. Stays synchronous as long as its schemas and itself do. */
function runChecked(action: Action, payload: unknown, context: CallContext): unknown {
  const input = action.input === undefined ? payload : checkSchema(action.input, payload, "INPUT_INVALID");
  const result = after(input, (value) => action.run.call(action.self, value, context));
  const { output } = action;
  return output === undefined
    ? result
    : after(result, (value) => checkSchema(output, value, "OUTPUT_INVALID"));
}

function after(value: unknown, next: (value: unknown) => unknown): unknown {
  return isThenable(value) ? value.then(next) : next(value);
}

/** The failure, without its details where they are no JSON or do not fit: code and message always do. */
function encodeFitting(id: number, error: WireError, maxBytes: number): string {
  try {
    const line = encodeFailure(id, error);
    if (findMisfit(line, maxBytes) === undefined) return line;
  } catch {
    // Details with a cycle or a BigInt.
  }
  const { details: _, issues: __, ...data } = error.data ?? {};
  return encodeFailure(id, { ...error, data: { ...data, detailsDropped: true } });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
