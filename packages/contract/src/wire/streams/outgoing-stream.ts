import { encodeFrameHeader, FRAME } from "../frames.js";
import { MAX_FRAME_BYTES } from "../limits.js";

/** Where the bytes of a stream come from. */
export interface ByteSource {
  /** The next bytes, `undefined` at the end; rejecting makes the stream fail. Asked again only when it has answered. */
  readonly next: () => Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** Nobody wants the rest. The stream is closed once this has settled, however it does. */
  readonly cancel: () => unknown;
}

/** What a stream that is written needs of its multiplexer. */
export interface Writing {
  readonly write: (header: Uint8Array, payload: Uint8Array | undefined) => void;
  /** Settles when there is room for more; `undefined` when there is. */
  readonly room: () => Promise<void> | undefined;
  /** The error as the payload of an error frame. */
  readonly encodeError: (error: unknown) => Uint8Array;
  readonly closed: () => void;
}

/** A stream of this side: sends what its source has, as far as the reader's credit goes, and closes once. */
export class OutgoingStream {
  readonly id: number;
  readonly #source: ByteSource;
  readonly #writing: Writing;
  #credit = 0;
  #isRunning = false;
  /** Whether the reader has read the announcement: before that, nothing may be sent. */
  #isKnown = false;
  #isStopped = false;
  #isClosed = false;
  /** Stopped before its reader knew of it: it is closed when the reader has said that it does. */
  #onFirstCredit: (() => void) | undefined;
  #onCredit: (() => void) | undefined;
  readonly #onClosed: (() => void)[] = [];

  constructor(id: number, source: ByteSource, writing: Writing) {
    this.id = id;
    this.#source = source;
    this.#writing = writing;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Calls back once, when it is closed; at once when it is. */
  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#onClosed.push(listener);
  }

  /** Stops the source and closes the stream: with the error, or as if it had ended. */
  stop(error?: unknown): void {
    if (this.#isStopped || this.#isClosed) return;
    this.#isStopped = true;
    this.#onCredit?.();
    const close = () => {
      const finish = () => (error === undefined ? this.#end() : this.#fail(error));
      if (this.#isKnown) finish();
      else this.#onFirstCredit = finish;
    };
    let stopping: unknown;
    try {
      stopping = this.#source.cancel();
    } catch {
      // What a source does when it is stopped is its own business.
    }
    if (isThenable(stopping)) Promise.resolve(stopping).then(close, close);
    else close();
  }

  // What follows is the multiplexer's.

  addCredit(bytes: number): string | undefined {
    this.#credit += bytes;
    if (this.#credit > MAX_CREDIT) return "more credit than there can be";
    this.#isKnown = true;
    if (this.#isStopped) {
      this.#onFirstCredit?.();
    } else if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    } else {
      this.#onCredit?.();
    }
    return undefined;
  }

  /** The reader wants no more. */
  cancelled(): void {
    this.#isKnown = true;
    if (this.#isStopped) this.#onFirstCredit?.();
    else this.stop();
  }

  /** The other side is gone: nothing can be sent. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isStopped = true;
    this.#onCredit?.();
    try {
      const stopping = this.#source.cancel();
      if (isThenable(stopping)) Promise.resolve(stopping).then(undefined, () => undefined);
    } catch {
      // As in `stop`.
    }
    this.#finish();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped) {
        const next = this.#source.next();
        const piece = isThenable(next) ? await next : next;
        if (this.#isStopped) return;
        if (piece === undefined) {
          this.#end();
          return;
        }
        await this.#send(piece);
      }
    } catch (error) {
      if (!this.#isStopped) this.#fail(error);
    }
  }

  async #send(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      while (this.#credit === 0 && !this.#isStopped) {
        await new Promise<void>((resolve) => {
          this.#onCredit = resolve;
        });
      }
      const room = this.#writing.room();
      if (room !== undefined) await room;
      if (this.#isStopped) return;
      const length = Math.min(piece.length - at, this.#credit, MAX_FRAME_BYTES);
      if (length === 0) continue;
      this.#credit -= length;
      const part = length === piece.length ? piece : piece.subarray(at, at + length);
      this.#writing.write(encodeFrameHeader(FRAME.data, this.id, length), part);
      at += length;
    }
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#writing.write(encodeFrameHeader(FRAME.end, this.id, 0), undefined);
    this.#finish();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const json = this.#writing.encodeError(error);
    this.#writing.write(encodeFrameHeader(FRAME.error, this.id, json.length), json);
    this.#finish();
  }

  #finish(): void {
    this.#isStopped = true;
    this.#isClosed = true;
    this.#writing.closed();
    for (const listener of this.#onClosed.splice(0)) listener();
  }
}

/** A credit's field could hold twice as much; nobody has a use for so much. */
const MAX_CREDIT = 2 ** 31;

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
