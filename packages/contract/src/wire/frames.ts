import { MAX_ERROR_FRAME_BYTES, MAX_FRAME_BYTES } from "./limits.js";

/** Types of frames. The first three are about streams of whoever sends the frame, the others about the reader's. */
export const FRAME = { data: 1, end: 2, error: 3, credit: 4, cancel: 5 } as const;

/** Type (1 byte), stream (4), length of the payload (4); big-endian. */
export const FRAME_HEADER_BYTES = 9;

const CREDIT_BYTES = 4;

/** What happens with each frame. Each returns what is wrong with it, or `undefined`. */
export interface FrameHandlers {
  /** A data frame begins: so many bytes will follow in pieces. */
  readonly dataHeader: (stream: number, length: number) => string | undefined;
  /** Not copied: the piece is a part of what was pushed. */
  readonly data: (stream: number, piece: Uint8Array) => void;
  readonly end: (stream: number) => string | undefined;
  readonly error: (stream: number, json: Uint8Array) => string | undefined;
  readonly credit: (stream: number, bytes: number) => string | undefined;
  readonly cancel: (stream: number) => string | undefined;
}

export function encodeFrameHeader(type: number, stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(1, stream);
  view.setUint32(5, length);
  return bytes;
}

/** A whole credit frame. */
export function encodeCredit(stream: number, credit: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + CREDIT_BYTES);
  bytes.set(encodeFrameHeader(FRAME.credit, stream, CREDIT_BYTES));
  new DataView(bytes.buffer).setUint32(FRAME_HEADER_BYTES, credit);
  return bytes;
}

/**
 * Cuts bytes into frames without holding more than one header, or one frame that is not data. Data passes
 * through in the pieces in which it came. `push` returns what is wrong; after that it is not to be used again.
 */
export class FrameSplitter {
  readonly #handlers: FrameHandlers;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);
  #headerBytes = 0;
  #type = 0;
  #stream = 0;
  /** Bytes of the payload that are still to come. */
  #missing = 0;
  /** The payload of a frame that is not data. */
  #payload = new Uint8Array(0);
  #frames = 0;

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  /** Frames begun so far: each costs its reader something, however small it is. */
  get frames(): number {
    return this.#frames;
  }

  push(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#missing === 0) {
        const taken = Math.min(FRAME_HEADER_BYTES - this.#headerBytes, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes);
        this.#headerBytes += taken;
        at += taken;
        if (this.#headerBytes < FRAME_HEADER_BYTES) return undefined;
        const fault = this.#begin();
        if (fault !== undefined) return fault;
        continue;
      }
      const taken = Math.min(this.#missing, chunk.length - at);
      const fault = this.#take(chunk.subarray(at, at + taken));
      if (fault !== undefined) return fault;
      at += taken;
    }
    return undefined;
  }

  #begin(): string | undefined {
    this.#headerBytes = 0;
    this.#frames++;
    this.#type = this.#headerView.getUint8(0);
    this.#stream = this.#headerView.getUint32(1);
    const length = this.#headerView.getUint32(5);
    const { least, most } = lengths(this.#type);
    if (most === undefined) return `a frame of the unknown type ${this.#type}`;
    if (length < least || length > most) return `a frame of type ${this.#type} with ${length} bytes`;
    if (this.#type === FRAME.end) return this.#handlers.end(this.#stream);
    if (this.#type === FRAME.cancel) return this.#handlers.cancel(this.#stream);
    this.#missing = length;
    if (this.#type === FRAME.data) return this.#handlers.dataHeader(this.#stream, length);
    this.#payload = new Uint8Array(length);
    return undefined;
  }

  #take(piece: Uint8Array): string | undefined {
    if (this.#type === FRAME.data) {
      this.#missing -= piece.length;
      this.#handlers.data(this.#stream, piece);
      return undefined;
    }
    const payload = this.#payload;
    payload.set(piece, payload.length - this.#missing);
    this.#missing -= piece.length;
    if (this.#missing > 0) return undefined;
    this.#payload = NOTHING;
    if (this.#type === FRAME.error) return this.#handlers.error(this.#stream, payload);
    const bytes = new DataView(payload.buffer).getUint32(0);
    return bytes === 0 ? "a credit of nothing" : this.#handlers.credit(this.#stream, bytes);
  }
}

const NOTHING = new Uint8Array(0);

function lengths(type: number): { readonly least: number; readonly most: number | undefined } {
  switch (type) {
    case FRAME.data:
      return { least: 1, most: MAX_FRAME_BYTES };
    case FRAME.error:
      return { least: 2, most: MAX_ERROR_FRAME_BYTES };
    case FRAME.credit:
      return { least: CREDIT_BYTES, most: CREDIT_BYTES };
    case FRAME.end:
    case FRAME.cancel:
      return { least: 0, most: 0 };
    default:
      return { least: 0, most: undefined };
  }
}
