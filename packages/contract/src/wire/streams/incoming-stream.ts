import { freeBytes } from "./free-bytes.js";

/** A piece smaller than this is copied together with others: each object, and what it keeps alive, costs more. */
const SMALL_PIECE_BYTES = 8 * 1024;

/** Copied pieces are gathered in so much: what comes from a socket at a time, cut by the headers of frames. */
const GATHERED_BYTES = 64 * 1024;

/** What a stream that is read needs of its multiplexer. */
export interface Reading {
  readonly giveCredit: (bytes: number) => void;
  /** Nothing more is wanted; the other side will still close it. */
  readonly cancel: () => void;
  /** Nothing is held for this stream any more. */
  readonly release: () => void;
}

/**
 * A stream of the other side, as its reader sees it. Holds at most its window of unread bytes; reading gives
 * credit for more. One `read` at a time.
 */
export class IncomingStream {
  readonly #reading: Reading;
  readonly #windowBytes: number;
  #chunks: Uint8Array[] = [];
  /** The last chunk, where small pieces gather; `#tailBytes` of it are filled. */
  #tail: Uint8Array | undefined;
  #tailBytes = 0;
  /** What the writer may still send. */
  #credit = 0;
  /** Bytes read since credit was given last. */
  #consumed = 0;
  #state: "waiting" | "open" | "cancelled" | "closed" = "waiting";
  #error: unknown;
  #isFailed = false;
  #wake: (() => void) | undefined;
  readonly #onClosed: (() => void)[] = [];

  constructor(reading: Reading, windowBytes: number) {
    this.#reading = reading;
    this.#windowBytes = windowBytes;
  }

  /** Whether the writer has closed it, or never will because it is gone. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether its writer may not send anything yet. */
  get isWaiting(): boolean {
    return this.#state === "waiting";
  }

  /** Calls back once, when its writer has closed it; at once when that has happened. */
  onClosed(listener: () => void): void {
    if (this.#state === "closed") listener();
    else this.#onClosed.push(listener);
  }

  /** The next bytes, in memory of their own, `undefined` at the end; rejects with what the writer said went wrong. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#state === "waiting") this.#start();
    while (true) {
      const chunk = this.#shift();
      if (chunk !== undefined) {
        this.#consume(chunk.length);
        return chunk;
      }
      if (this.#isFailed) throw this.#error;
      if (this.#state !== "open") return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Throws away what is there and what comes. With an error, readers get it; else they see the end. */
  cancel(error?: unknown): void {
    this.#drop();
    if (error !== undefined && !this.#isFailed) {
      this.#isFailed = true;
      this.#error = error;
    }
    if (this.#state === "waiting" || this.#state === "open") {
      this.#state = "cancelled";
      this.#reading.cancel();
    }
    this.#wakeReader();
  }

  // What follows is the multiplexer's.

  /** What is wrong with so much data, or nothing. */
  expect(bytes: number): string | undefined {
    if (bytes > this.#credit) return "data without credit";
    this.#credit -= bytes;
    return undefined;
  }

  /** `isOwn` is whether the piece has memory to itself; else it is copied. */
  take(piece: Uint8Array, isOwn: boolean): void {
    if (this.#state !== "open") return;
    if (isOwn && piece.length >= SMALL_PIECE_BYTES) {
      this.#endTail();
      this.#chunks.push(piece);
    } else {
      // A copy: whoever hands its memory on to a thread, or to a byte stream, takes it away from everything in it.
      this.#gather(piece);
    }
    this.#wakeReader();
  }

  close(): void {
    this.#end();
  }

  fail(error: unknown): void {
    if (this.#state !== "cancelled" && this.#state !== "closed") {
      this.#isFailed = true;
      this.#error = error;
    }
    this.#end();
  }

  #start(): void {
    this.#state = "open";
    this.#credit = this.#windowBytes;
    this.#reading.giveCredit(this.#windowBytes);
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#chunks.length === 0 && this.#tail === undefined) this.#reading.release();
    this.#wakeReader();
    for (const listener of this.#onClosed.splice(0)) listener();
  }

  #shift(): Uint8Array | undefined {
    if (this.#chunks.length === 0) this.#endTail();
    return this.#chunks.shift();
  }

  #consume(bytes: number): void {
    if (this.#state === "closed") {
      if (this.#chunks.length === 0 && this.#tail === undefined) this.#reading.release();
      return;
    }
    this.#consumed += bytes;
    // In halves: fewer frames, and the writer never has to wait for one that is on its way.
    if (this.#consumed * 2 < this.#windowBytes) return;
    this.#credit += this.#consumed;
    this.#reading.giveCredit(this.#consumed);
    this.#consumed = 0;
  }

  #gather(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      this.#tail ??= new Uint8Array(GATHERED_BYTES);
      const part = piece.subarray(at, at + this.#tail.length - this.#tailBytes);
      this.#tail.set(part, this.#tailBytes);
      this.#tailBytes += part.length;
      at += part.length;
      if (this.#tailBytes === this.#tail.length) this.#endTail();
    }
  }

  #endTail(): void {
    if (this.#tail === undefined) return;
    const filled = this.#tail.subarray(0, this.#tailBytes);
    if (filled.length * 2 >= GATHERED_BYTES) {
      this.#chunks.push(filled);
    } else {
      // A byte must not keep 64 KB: whoever sends one at a time would have the host hold them all.
      this.#chunks.push(new Uint8Array(filled));
      freeBytes(this.#tail);
    }
    this.#tail = undefined;
    this.#tailBytes = 0;
  }

  #drop(): void {
    this.#chunks = [];
    this.#tail = undefined;
    this.#tailBytes = 0;
    this.#reading.release();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
