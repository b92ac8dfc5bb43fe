import {
  type CallParams,
  type Detachment,
  detach,
  encodeFailure,
  encodeJsonSuccess,
  type IncomingStream,
  readOutgoing,
  type WireError,
} from "@paddock/contract";
import type { Action } from "./actions.js";
import { CallContext, type GuestState } from "./call-context.js";
import { checkSchema, SchemaRefusal } from "./check-schema.js";
import { toWireError, wireError, withoutDetails } from "./failures.js";
import { OutputFile } from "./output-file.js";
import { findMisfit } from "./reply-bounds.js";
import { ResultTooLarge } from "./result-too-large.js";
import type { GuestStreams, Travelling } from "./streams/guest-streams.js";

/** Runs calls and answers each once. An action that returns no promise is answered before this returns. */
export class Calls {
  readonly #actions: ReadonlyMap<string, Action>;
  readonly #state: GuestState;
  readonly #streams: GuestStreams | undefined;
  readonly #send: (line: string) => void;
  readonly #maxBytes: number;
  /** Only calls that wait, or whose streams flow: a synchronous action cannot be cancelled. */
  readonly #running = new Map<number, CallContext>();
  /** Calls whose output files the host has not taken yet. */
  readonly #untaken = new Map<number, CallContext>();

  /** `streams` is `undefined` where the host has no descriptor for data. */
  constructor(actions: ReadonlyMap<string, Action>, state: GuestState, streams: GuestStreams | undefined) {
    this.#actions = actions;
    this.#state = state;
    this.#streams = streams;
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
    const context = new CallContext(this.#state, id, params.timeoutMs, params);
    if (params.attachments !== undefined && this.#streams !== undefined) {
      const inputs: IncomingStream[] = [];
      const payload = this.#streams.attach(params.payload, params.attachments, inputs);
      this.#wait(
        id,
        context,
        payload.then((value) => perform(action, value, context)),
        inputs,
      );
      return;
    }
    try {
      const result = perform(action, params.payload, context);
      if (isThenable(result)) this.#wait(id, context, result);
      else this.#succeed(id, context, result);
    } catch (thrown) {
      this.#fail(id, context, thrown, false);
    }
  }

  cancel(id: number): void {
    const context = this.#running.get(id);
    if (context !== undefined) CallContext.cancel(context);
  }

  /** The host has copied the output files of a call. */
  taken(id: number): void {
    const context = this.#untaken.get(id);
    this.#untaken.delete(id);
    if (context !== undefined) CallContext.removeFiles(context);
  }

  #wait(
    id: number,
    context: CallContext,
    result: PromiseLike<unknown>,
    inputs?: readonly IncomingStream[],
  ): void {
    this.#running.set(id, context);
    // Costs nothing for a promise; a foreign thenable may throw, or call back twice.
    Promise.resolve(result).then(
      (value) => {
        this.#running.delete(id);
        this.#succeed(id, context, value, inputs);
      },
      (thrown) => {
        this.#running.delete(id);
        this.#fail(id, context, thrown, CallContext.isCancelled(context));
        end(inputs);
      },
    );
  }

  #succeed(id: number, context: CallContext, value: unknown, inputs?: readonly IncomingStream[]): void {
    try {
      const travelling = detach(value, (part) => this.#travels(part));
      // JSON has no word for `undefined`, functions and symbols.
      const json = JSON.stringify(travelling === undefined ? value : travelling.json) ?? "null";
      if (travelling === undefined) {
        const line = encodeJsonSuccess(id, json);
        const misfit = findMisfit(line, this.#maxBytes);
        if (misfit === undefined) {
          this.#send(line);
          CallContext.removeFiles(context);
          end(inputs);
          return;
        }
        if (this.#streams === undefined) throw new ResultTooLarge(misfit);
      }
      void this.#answer(id, context, travelling ?? { json: null, detached: [] }, json, inputs);
    } catch (thrown) {
      this.#fail(id, context, thrown, false);
      end(inputs);
    }
  }

  /** The call goes on until the last stream of its answer is closed. */
  async #answer(
    id: number,
    context: CallContext,
    result: Detachment<Travelling>,
    json: string,
    inputs: readonly IncomingStream[] | undefined,
  ): Promise<void> {
    this.#running.set(id, context);
    const done = () => {
      this.#running.delete(id);
      end(inputs);
    };
    const hasFiles = result.detached.some(({ value }) => value.kind === "file");
    if (hasFiles) this.#untaken.set(id, context);
    else CallContext.removeFiles(context);
    try {
      if (this.#streams === undefined) throw new TypeError("This host takes no bytes, streams and files");
      await this.#streams.answer(id, result, json, {
        onStop: () => CallContext.cancel(context),
        onDone: done,
      });
    } catch (thrown) {
      this.#untaken.delete(id);
      this.#fail(id, context, thrown, false);
      done();
    }
  }

  #travels(part: object): Travelling | undefined {
    if (OutputFile.is(part)) return { kind: "file", file: part };
    const value = readOutgoing(part, this.#streams?.outgoing ?? NO_STREAMS);
    return value === undefined ? undefined : { kind: "stream", value };
  }

  #fail(id: number, context: CallContext, thrown: unknown, isCancelled: boolean): void {
    CallContext.removeFiles(context);
    this.#send(encodeFitting(id, toReply(thrown, isCancelled), this.#maxBytes));
  }
}

/** For a host without a descriptor for data, which is told so before anything is opened. */
const NO_STREAMS = { encodeText: () => new Uint8Array(0), checkItem: () => undefined };

/** Runs the action. Stays synchronous as long as its schemas and itself do. */
function perform(action: Action, payload: unknown, context: CallContext): unknown {
  const { input, output } = action;
  if (input === undefined && output === undefined) return action.run.call(action.self, payload, context);
  const checked = input === undefined ? payload : checkSchema(input, payload, "INPUT_INVALID");
  const result = after(checked, (value) => action.run.call(action.self, value, context));
  return output === undefined
    ? result
    : after(result, (value) => checkSchema(output, value, "OUTPUT_INVALID"));
}

function after(value: unknown, next: (value: unknown) => unknown): unknown {
  return isThenable(value) ? value.then(next) : next(value);
}

/** What the plugin did not read of its input is not sent. */
function end(inputs: readonly IncomingStream[] | undefined): void {
  for (const stream of inputs ?? []) stream.cancel();
}

function toReply(thrown: unknown, isCancelled: boolean): WireError {
  if (thrown instanceof SchemaRefusal) return thrown.reply;
  if (thrown instanceof ResultTooLarge) return wireError("RESULT_TOO_LARGE", thrown.message);
  return toWireError(thrown, isCancelled);
}

/** The failure, without its details where they are no JSON or do not fit: code and message always do. */
function encodeFitting(id: number, error: WireError, maxBytes: number): string {
  try {
    const line = encodeFailure(id, error);
    if (findMisfit(line, maxBytes) === undefined) return line;
  } catch {
    // Details with a cycle or a BigInt.
  }
  return encodeFailure(id, withoutDetails(error));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
