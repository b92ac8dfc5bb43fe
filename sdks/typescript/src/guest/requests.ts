import { encodeRequest, type WireError } from "@paddock/contract";
import { HostError } from "../host-error.js";
import { PermissionError } from "../permission-error.js";
import { findMisfit } from "./reply-bounds.js";

/** Codes that mean "you may not", as opposed to "it did not work". */
const DENIALS: ReadonlySet<string> = new Set([
  "CAPABILITY_UNKNOWN",
  "CAPABILITY_NOT_DECLARED",
  "CAPABILITY_NOT_GRANTED",
  "CEILING_EXCEEDED",
]);

interface Waiting {
  readonly capability: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Requests of the plugin to the host, numbered here; a reply that nobody waits for is dropped. */
export class Requests {
  readonly #send: (line: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Bytes of one line to the host, as `initialize` said. */
  maxBytes = 0;

  constructor(send: (line: string) => void) {
    this.#send = send;
  }

  /** Resolves with the host's answer; rejects with PermissionError when it says no, else with HostError. */
  request(capability: string, method: string, params: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#lastId + 1;
      const line = encodeRequest(id, method, params);
      const misfit = findMisfit(line, this.maxBytes);
      if (misfit !== undefined) {
        reject(new HostError("PAYLOAD_TOO_LARGE", `Cannot send "${method}" to the host: ${misfit}`));
        return;
      }
      this.#lastId = id;
      this.#waiting.set(id, { capability, resolve, reject });
      this.#send(line);
    });
  }

  succeed(id: number, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  fail(id: number, error: WireError): void {
    const waiting = this.#take(id);
    waiting?.reject(toError(waiting.capability, error));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function toError(capability: string, error: WireError): Error {
  const code = error.data?.code ?? "INTERNAL";
  return DENIALS.has(code)
    ? new PermissionError(capability, error.message, { code })
    : new HostError(code, error.message, error.data);
}
