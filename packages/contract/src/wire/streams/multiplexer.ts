import { isWireError } from "../codec.js";
import { encodeCredit, encodeFrameHeader, FRAME, FrameSplitter } from "../frames.js";
import { findExcess } from "../inline-bounds.js";
import { GUEST_CREDIT_BYTES, MAX_OPEN_STREAMS, MIN_CREDIT_BYTES, STREAM_CREDIT_BYTES } from "../limits.js";
import type { WireError } from "../messages.js";
import { freeBytes } from "./free-bytes.js";
import { IncomingStream } from "./incoming-stream.js";
import { type ByteSource, OutgoingStream } from "./outgoing-stream.js";

/** The data descriptor, and what this file needs of the platform. */
export interface MultiplexerPort {
  /** Sends a header and its payload, in order. The payload is not changed afterwards. */
  readonly write: (header: Uint8Array, payload: Uint8Array | undefined) => void;
  /** Whether the memory of what is pushed is used again for what comes next. */
  readonly reusesMemory: boolean;
  /** Whether what was written waits to leave; `drained()` is called when it has left. */
  readonly isFull: () => boolean;
  /** The error of a source, as an error object's JSON in UTF-8, within MAX_ERROR_FRAME_BYTES. */
  readonly encodeError: (error: unknown) => Uint8Array;
  /** Text of the bytes, or `undefined` when they are not UTF-8. */
  readonly decodeText: (bytes: Uint8Array) => string | undefined;
}

/** Makes of what the other side says went wrong what the reader of the stream gets. */
export type ToError = (error: WireError) => unknown;

interface Incoming {
  readonly stream: IncomingStream;
  readonly toError: ToError;
}

/**
 * All streams of one data descriptor, from one side. What arrives is hostile: a frame that breaks a rule of the
 * protocol is a fault, and whatever arrives, no more is held than the credit that was given.
 */
export class Multiplexer {
  readonly #port: MultiplexerPort;
  readonly #splitter: FrameSplitter;
  readonly #incoming = new Map<number, Incoming>();
  readonly #outgoing = new Map<number, OutgoingStream>();
  #lastIncoming = 0;
  #lastOutgoing = 0;
  /** Windows of all streams that hold something. */
  #reservedBytes = 0;
  #isClosed = false;
  /** Whether a reader got the memory of what was pushed last. */
  #handedOn = false;
  #onDrained: (() => void)[] = [];
  #onFree: (() => void)[] = [];

  constructor(port: MultiplexerPort) {
    this.#port = port;
    this.#splitter = new FrameSplitter({
      dataHeader: (id, length) => this.#find(id, (stream) => stream.expect(length)),
      data: (id, piece) => this.#take(id, piece),
      end: (id) => this.#close(id, (stream) => stream.close()),
      error: (id, json) => this.#onError(id, json),
      credit: (id, bytes) => this.#onCredit(id, bytes),
      cancel: (id) => this.#onCancel(id),
    });
  }

  /** Frames that have arrived: each of them cost something, however small it is. */
  get frames(): number {
    return this.#splitter.frames;
  }

  /** Streams that are not closed, of both sides. */
  get openStreams(): number {
    return this.#incoming.size + this.#outgoing.size;
  }

  /** Whether so many more may be opened. */
  canOpen(count: number): boolean {
    return this.#outgoing.size + count <= MAX_OPEN_STREAMS;
  }

  /**
   * What arrived on the descriptor; its memory is the streams' now. Returns what is wrong with it; nothing is to be
   * pushed after that.
   */
  push(chunk: Uint8Array): string | undefined {
    if (this.#isClosed) return undefined;
    this.#handedOn = false;
    const fault = this.#splitter.push(chunk);
    if (!this.#handedOn && this.#isOwn(chunk)) freeBytes(chunk);
    return fault;
  }

  /** The other side announced this stream. Nothing of it comes before it is read. */
  accept(id: number, toError: ToError): IncomingStream | string {
    if (id !== this.#lastIncoming + 1) return `stream ${id} announced after ${this.#lastIncoming}`;
    if (this.#incoming.size >= MAX_OPEN_STREAMS) return `more than ${MAX_OPEN_STREAMS} open streams`;
    this.#lastIncoming = id;
    const left = GUEST_CREDIT_BYTES - this.#reservedBytes;
    const windowBytes = Math.max(MIN_CREDIT_BYTES, Math.min(STREAM_CREDIT_BYTES, Math.floor(left / 4)));
    this.#reservedBytes += windowBytes;
    let isReserved = true;
    const stream = new IncomingStream(
      {
        giveCredit: (bytes) => this.#send(encodeCredit(id, bytes)),
        cancel: () => this.#send(encodeFrameHeader(FRAME.cancel, id, 0)),
        release: () => {
          if (isReserved) this.#reservedBytes -= windowBytes;
          isReserved = false;
        },
      },
      windowBytes,
    );
    if (this.#isClosed) stream.close();
    else this.#incoming.set(id, { stream, toError });
    return stream;
  }

  /** A new stream of this side, which is then to be announced. Ask `canOpen` first. */
  open(source: ByteSource): OutgoingStream {
    const id = ++this.#lastOutgoing;
    const stream = new OutgoingStream(id, source, {
      write: (header, payload) => {
        if (!this.#isClosed) this.#port.write(header, payload);
      },
      room: () =>
        this.#isClosed || !this.#port.isFull()
          ? undefined
          : new Promise((resolve) => this.#onDrained.push(resolve)),
      encodeError: this.#port.encodeError,
      closed: () => {
        this.#outgoing.delete(id);
        for (const listener of this.#onFree.splice(0)) listener();
      },
    });
    this.#outgoing.set(id, stream);
    if (this.#isClosed) stream.abandon();
    return stream;
  }

  /** Resolves when `canOpen` may have become true. */
  whenFree(): Promise<void> {
    return new Promise((resolve) => this.#onFree.push(resolve));
  }

  /** What was written has left. */
  drained(): void {
    for (const listener of this.#onDrained.splice(0)) listener();
  }

  /** The descriptor is gone: readers get the error, sources are stopped. May be called twice. */
  close(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { stream } of this.#incoming.values()) stream.fail(error);
    this.#incoming.clear();
    for (const stream of [...this.#outgoing.values()]) stream.abandon();
    this.drained();
  }

  #send(frame: Uint8Array): void {
    if (!this.#isClosed) this.#port.write(frame, undefined);
  }

  #find(id: number, then: (stream: IncomingStream) => string | undefined): string | undefined {
    const incoming = this.#incoming.get(id);
    return incoming === undefined ? this.#unknown(id) : then(incoming.stream);
  }

  #close(id: number, end: (stream: IncomingStream) => void): string | undefined {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined) return this.#unknown(id);
    if (incoming.stream.isWaiting) return `a frame of stream ${id}, which has no credit`;
    this.#incoming.delete(id);
    end(incoming.stream);
    return undefined;
  }

  #unknown(id: number): string {
    return id > 0 && id <= this.#lastIncoming
      ? `a frame of stream ${id}, which is closed`
      : `a frame of stream ${id}, which was never announced`;
  }

  #take(id: number, piece: Uint8Array): void {
    const isOwn = this.#isOwn(piece);
    if (isOwn) this.#handedOn = true;
    this.#incoming.get(id)?.stream.take(piece, isOwn);
  }

  /** Whether nothing else is in its memory, nor will be. */
  #isOwn(piece: Uint8Array): boolean {
    return !this.#port.reusesMemory && piece.length === piece.buffer.byteLength;
  }

  #onError(id: number, json: Uint8Array): string | undefined {
    const error = this.#readError(json);
    if (error === undefined) return "an error frame without an error object";
    const toError = this.#incoming.get(id)?.toError;
    return this.#close(id, (stream) => stream.fail(toError?.(error)));
  }

  #readError(json: Uint8Array): WireError | undefined {
    const text = this.#port.decodeText(json);
    if (text === undefined || findExcess(text) !== undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return isWireError(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #onCredit(id: number, bytes: number): string | undefined {
    const stream = this.#outgoing.get(id);
    if (stream !== undefined) return stream.addCredit(bytes);
    // It was under way when the stream was closed.
    return this.#wasOpened(id) ? undefined : `credit for stream ${id}, which does not exist`;
  }

  #onCancel(id: number): string | undefined {
    this.#outgoing.get(id)?.cancelled();
    return this.#wasOpened(id) ? undefined : `a cancel of stream ${id}, which does not exist`;
  }

  #wasOpened(id: number): boolean {
    return id > 0 && id <= this.#lastOutgoing;
  }
}
