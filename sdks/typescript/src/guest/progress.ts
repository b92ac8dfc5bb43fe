import { encodeNotification } from "@paddock/contract";

/** Between two notifications of one call. */
const INTERVAL_MS = 100;

/** Characters of a message that are kept. */
const MAX_MESSAGE_CHARACTERS = 200;

/** What one call says about how far it is: the first at once, then the newest of each interval. */
export class Progress {
  readonly #send: (line: string) => void;
  readonly #call: number;
  #newest: object | undefined;
  #isWaiting = false;

  constructor(send: (line: string) => void, call: number) {
    this.#send = send;
    this.#call = call;
  }

  /** Never throws; what is no fraction and no text is left out. */
  report(fraction: unknown, message: unknown): void {
    this.#newest = {
      call: this.#call,
      ...(typeof fraction === "number" && Number.isFinite(fraction)
        ? { fraction: Math.min(Math.max(fraction, 0), 1) }
        : {}),
      ...(typeof message === "string" ? { message: message.slice(0, MAX_MESSAGE_CHARACTERS) } : {}),
    };
    if (!this.#isWaiting) this.#flush();
  }

  readonly #flush = (): void => {
    this.#isWaiting = this.#newest !== undefined;
    if (this.#newest === undefined) return;
    this.#send(encodeNotification("progress", this.#newest));
    this.#newest = undefined;
    // What comes after the call's end, the host ignores.
    setTimeout(this.#flush, INTERVAL_MS).unref();
  };
}
