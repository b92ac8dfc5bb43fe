import type { GuestEnd } from "../isolation/isolation.js";
import type { GuestConnection, Reply } from "./connection.js";
import { expireAfter } from "./expire-after.js";

/** What the host asks a guest besides calls: its handshake, and hooks. */
export class GuestRequests {
  readonly #connection: GuestConnection;
  readonly #ended: Promise<GuestEnd>;
  readonly #toError: (end: GuestEnd) => Error;
  /** Ends the wait of a start when the guest breaks the protocol. */
  #onFault: ((error: Error) => void) | undefined;

  constructor(connection: GuestConnection, ended: Promise<GuestEnd>, toError: (end: GuestEnd) => Error) {
    this.#connection = connection;
    this.#ended = ended;
    this.#toError = toError;
  }

  /** Resolves with the reply; rejects with the signal's reason, the guest's end, or its fault. */
  ask(method: "initialize" | "ping", params: string, signal: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      const done = () => signal.removeEventListener("abort", abort);
      this.#onFault = reject;
      const target = {
        onReply: (reply: Reply) => {
          done();
          resolve(reply);
        },
      };
      if (method === "initialize") this.#connection.request(method, params, target);
      else this.#connection.requestOwn(method, params, target);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      void this.#ended.then((end) => {
        done();
        reject(this.#toError(end));
      });
    });
  }

  /** Runs one of the plugin's hooks; resolves when it is done, its time is over, or the guest has ended. */
  async hook(method: "shutdown" | "suspend" | "resume", limitMs: number): Promise<void> {
    const answered = new Promise<void>((resolve) =>
      this.#connection.requestOwn(method, "{}", { onReply: () => resolve() }),
    );
    const { promise, clear } = expireAfter(limitMs);
    await Promise.race([this.#ended, answered, promise]);
    clear();
  }

  fail(error: Error): void {
    this.#onFault?.(error);
  }
}
