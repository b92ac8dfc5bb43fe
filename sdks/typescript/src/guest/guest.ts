import {
  type CallParams,
  type CancelParams,
  type EventParams,
  encodeFailure,
  encodeSuccess,
  type InitializeParams,
  type PingParams,
  readCanonicalCall,
  type TakenParams,
  type WireError,
} from "@paddock/contract";
import { messageOf, startFailure, wireError } from "./failures.js";
import { printBug } from "./print-bug.js";
import { Requests } from "./requests.js";
import { type Started, start } from "./start.js";

/** JSON-RPC's own number for a method that does not exist. */
const RPC_METHOD_NOT_FOUND = -32601;

/** What the host sends. It is trusted, so this is believed once the line was JSON. */
interface HostMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: WireError;
}

export interface GuestOutlets {
  readonly send: (line: string) => void;
  /** Ends the process once everything sent has left. */
  readonly exit: () => void;
  /** The host sent something that nobody can go on after. */
  readonly onFault: (fault: string) => void;
}

/** The guest's side of the conversation: every line of the host, in the order they come. */
export class Guest {
  readonly #send: (line: string) => void;
  readonly #exit: () => void;
  readonly #onFault: (fault: string) => void;
  readonly #requests: Requests;
  #isInitialized = false;
  #started: Started | undefined;

  constructor({ send, exit, onFault }: GuestOutlets) {
    this.#send = send;
    this.#exit = exit;
    this.#onFault = onFault;
    this.#requests = new Requests(send);
  }

  /** Throws SyntaxError for a line that is not JSON. */
  receive(line: string): void {
    const call = readCanonicalCall(line);
    if (call !== undefined) {
      this.#call(call.id, call.params);
      return;
    }
    const message: HostMessage | null = JSON.parse(line);
    if (message === null) return;
    const { id, method } = message;
    if (id === undefined) {
      if (method === "$/cancel") this.#cancel((message.params as CancelParams).id);
      else if (method === "$/taken") this.#started?.calls.taken((message.params as TakenParams).call);
    } else if (method === "call") {
      this.#call(id, message.params as CallParams);
    } else if (method !== undefined) {
      this.#serve(id, method, message.params);
    } else if (message.error === undefined) {
      this.#requests.succeed(id, message.result);
    } else {
      this.#requests.fail(id, message.error);
    }
  }

  #call(id: number, params: CallParams): void {
    if (this.#started !== undefined) this.#started.calls.run(id, params);
    else
      this.#send(
        encodeFailure(id, wireError("PLUGIN_UNAVAILABLE", "Cannot run an action before initialize")),
      );
  }

  #cancel(id: number): void {
    this.#started?.calls.cancel(id);
    this.#started?.events?.cancel(id);
  }

  #serve(id: number, method: string, params: unknown): void {
    switch (method) {
      case "ping":
        void this.#ping(id, (params ?? {}) as PingParams);
        return;
      case "event":
        if (this.#started?.events === undefined) this.#send(encodeSuccess(id, {}));
        else void this.#started.events.receive(id, params as EventParams);
        return;
      case "suspend":
      case "resume":
        void this.#runHook(id, method);
        return;
      case "initialize":
        void this.#initialize(id, params as InitializeParams);
        return;
      case "shutdown":
        void this.#shutdown(id);
        return;
      default:
        this.#send(encodeFailure(id, { code: RPC_METHOD_NOT_FOUND, message: `No such method: ${method}` }));
    }
  }

  async #initialize(id: number, params: InitializeParams): Promise<void> {
    try {
      if (this.#isInitialized) throw new Error("initialize was sent before");
      this.#isInitialized = true;
      this.#started = await start(params, this.#requests, this.#send, this.#onFault);
      this.#send(encodeSuccess(id, this.#started.result));
    } catch (thrown) {
      this.#send(encodeFailure(id, startFailure(thrown)));
    }
  }

  async #ping(id: number, { timeoutMs }: PingParams): Promise<void> {
    const ready = (await this.#started?.health.ask(timeoutMs)) ?? false;
    this.#send(encodeSuccess(id, { ready }));
  }

  async #shutdown(id: number): Promise<void> {
    await this.#runHook(id, "shutdown");
    this.#exit();
  }

  async #runHook(id: number, name: "suspend" | "resume" | "shutdown"): Promise<void> {
    try {
      await this.#started?.plugin[name]?.(this.#started.context);
      this.#send(encodeSuccess(id, {}));
    } catch (thrown) {
      printBug(thrown);
      this.#send(encodeFailure(id, wireError("PLUGIN_BUG", messageOf(thrown))));
    }
  }
}
