import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { MAX_ERROR_FRAME_BYTES, Multiplexer, RPC_ERROR, type WireError } from "@paddock/contract";
import { type CollectYoung, findCollector } from "./young-collection.js";

/** Bytes of one guest's data that are handled before the event loop goes on; copying them nowhere, they cost little. */
export const DATA_TURN_BYTES = 2 * 1024 * 1024;

/** Frames, however small, likewise. */
export const DATA_TURN_FRAMES = 4_096;

/** Bytes that may wait to leave before sources are asked for more: a little more than the kernel takes at a time. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * The host's end of a guest's descriptor for data. What arrives is hostile: it is held within the credit that was
 * given, and no guest gets more than its share of a turn of the event loop.
 */
export class GuestData {
  readonly streams: Multiplexer;
  readonly #channel: Duplex;
  readonly #onViolation: (words: string) => void;
  #willFlush = false;
  #turnBytes = 0;
  #turnFrames = 0;
  #youngBytes = 0;
  #collectYoung: CollectYoung | undefined;
  #isTurnCounted = false;
  #isClosed = false;

  constructor(channel: Duplex, onViolation: (words: string) => void) {
    this.#channel = channel;
    this.#onViolation = onViolation;
    this.streams = new Multiplexer({
      write: (header, payload) => this.#write(header, payload),
      reusesMemory: false,
      isFull: () => channel.writableLength >= MAX_WAITING_BYTES,
      encodeError,
      decodeText,
    });
    channel.on("data", (chunk: Buffer) => this.#onData(chunk));
    channel.on("drain", () => this.streams.drained());
    channel.on("error", () => channel.destroy());
  }

  /** Nothing is read or sent any more; whoever reads gets the error. May be called twice. */
  close(error: unknown): void {
    this.#isClosed = true;
    this.streams.close(error);
  }

  /** So many bytes went to a reader piece by piece, who is done with each of them soon. */
  handedOut(bytes: number): void {
    this.#youngBytes += bytes;
    if (this.#youngBytes < YOUNG_BYTES) return;
    this.#youngBytes = 0;
    this.#collectYoung ??= findCollector();
    this.#collectYoung();
  }

  #write(header: Uint8Array, payload: Uint8Array | undefined): void {
    if (this.#isClosed || this.#channel.destroyed || !this.#channel.writable) return;
    // What is sent in one turn leaves in one call of the kernel, and nothing is copied.
    if (!this.#willFlush) {
      this.#willFlush = true;
      this.#channel.cork();
      process.nextTick(() => {
        this.#willFlush = false;
        this.#channel.uncork();
      });
    }
    this.#channel.write(header);
    if (payload !== undefined) this.#channel.write(payload);
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    const before = this.streams.frames;
    // Asked now: pushing gives the memory away.
    const { length } = chunk;
    const fault = this.#push(chunk);
    if (fault !== undefined) {
      this.#isClosed = true;
      this.#channel.pause();
      this.#onViolation(fault);
      return;
    }
    this.#turnBytes += length;
    this.#turnFrames += this.streams.frames - before;
    this.#countTurn();
  }

  /** A mistake of ours while reading a guest's bytes ends that guest, never the host. */
  #push(chunk: Buffer): string | undefined {
    try {
      return this.streams.push(chunk);
    } catch {
      return "data that the host cannot read";
    }
  }

  /** Resets the budget when this turn is over; past the budget the guest waits until then. */
  #countTurn(): void {
    if (this.#turnBytes >= DATA_TURN_BYTES || this.#turnFrames >= DATA_TURN_FRAMES) this.#channel.pause();
    if (this.#isTurnCounted) return;
    this.#isTurnCounted = true;
    setImmediate(() => {
      this.#isTurnCounted = false;
      this.#turnBytes = 0;
      this.#turnFrames = 0;
      if (!this.#isClosed) this.#channel.resume();
    });
  }
}

/**
 * What a reader of a stream gets is soon garbage, but the engine counts it as memory outside of its heap, and for that it collects
 * everything, which takes half of the time of a stream. Collecting what is young in time takes nearly nothing. Well
 * before 32 MB, where the engine begins by itself, and which the application's own data counts towards.
 */
const YOUNG_BYTES = 12 * 1024 * 1024;

/** Text of the bytes, or `undefined` when they are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** Why the rest of a payload does not come. Nothing of the caller's own error crosses the wall. */
export class SourceStopped extends Error {
  readonly code: "CANCELLED" | "USAGE_INVALID";

  constructor(code: "CANCELLED" | "USAGE_INVALID", message: string) {
    super(message);
    this.code = code;
  }
}

function encodeError(error: unknown): Uint8Array {
  const { code, message } =
    error instanceof SourceStopped
      ? error
      : { code: "USAGE_INVALID" as const, message: "The caller's stream failed." };
  const wire: WireError = { code: RPC_ERROR, message, data: { code } };
  return Buffer.from(JSON.stringify(wire)).subarray(0, MAX_ERROR_FRAME_BYTES);
}
