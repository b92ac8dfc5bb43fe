import { type EventParams, encodeFailure, encodeSuccess } from "@paddock/contract";
import { CallContext, type GuestState } from "./call-context.js";
import { type EventHandlers, findEventHandler } from "./event-handlers.js";
import { toWireError } from "./failures.js";

/** Runs the plugin's handlers, and answers every event once. */
export class Events {
  readonly #handlers: EventHandlers;
  readonly #state: GuestState;
  readonly #running = new Map<number, CallContext>();

  constructor(handlers: EventHandlers, state: GuestState) {
    this.#handlers = handlers;
    this.#state = state;
  }

  async receive(id: number, params: EventParams): Promise<void> {
    const { send } = this.#state.sink;
    const { topic, payload, from } = params;
    const context = new CallContext(this.#state, id, undefined, params);
    this.#running.set(id, context);
    try {
      await findEventHandler(this.#handlers, topic)?.(payload, context, { topic, from });
      send(encodeSuccess(id, {}));
    } catch (thrown) {
      // No details: nobody called, so nobody could read them.
      const { code, message, data } = toWireError(thrown, CallContext.isCancelled(context));
      send(encodeFailure(id, { code, message, data: { code: data?.code ?? "PLUGIN_BUG" } }));
    } finally {
      this.#running.delete(id);
    }
  }

  /** Cancelling what is not running is no error. */
  cancel(id: number): void {
    const context = this.#running.get(id);
    if (context !== undefined) CallContext.cancel(context);
  }
}
