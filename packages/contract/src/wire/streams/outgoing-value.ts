import type { StreamKind } from "../attachments.js";
import { MAX_ITEM_BYTES } from "../limits.js";
import type { ByteSource } from "./outgoing-stream.js";

/** A value that travels as a stream. */
export interface OutgoingValue {
  readonly kind: StreamKind;
  /** Bytes that its reader has to hold at once, where that is known. */
  readonly heldBytes: number;
  /** Whether it can be opened a second time and gives the same. */
  readonly isReplayable: boolean;
  /** Begins to read it. Throws when somebody else reads it already. */
  readonly open: () => ByteSource;
}

/** What the platform, and the side that sends, add. */
export interface OutgoingOptions {
  readonly encodeText: (text: string) => Uint8Array;
  /** Throws for an item's line that the reader would not accept. */
  readonly checkItem: (json: string) => void;
}

/** How much text becomes bytes at a time. */
const TEXT_PART = 64 * 1024;

/**
 * What travels of a value that is no JSON: bytes (any view, ArrayBuffer, Blob), a stream of bytes (a web stream,
 * Node's Readable), or items (what can be iterated asynchronously). `undefined` for every other object.
 */
export function readOutgoing(value: object, options: OutgoingOptions): OutgoingValue | undefined {
  // Nearly everything is one of these; the questions below cost more.
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype === Object.prototype || prototype === Array.prototype) && !(Symbol.asyncIterator in value)) {
    return undefined;
  }
  if (ArrayBuffer.isView(value)) return bytes(viewOf(value));
  if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value));
  if (isBlob(value)) {
    return {
      kind: "bytes",
      heldBytes: value.size,
      isReplayable: true,
      open: () => fromStream(value.stream()),
    };
  }
  if (isWebStream(value)) {
    return { kind: "byteStream", heldBytes: 0, isReplayable: false, open: () => fromStream(value) };
  }
  if (!isAsyncIterable(value)) return undefined;
  if (isNodeByteStream(value)) {
    return {
      kind: "byteStream",
      heldBytes: 0,
      isReplayable: false,
      open: () => fromIterator(value[Symbol.asyncIterator](), (item) => [toBytes(item, options)]),
    };
  }
  return {
    kind: "items",
    heldBytes: 0,
    isReplayable: false,
    open: () => fromIterator(value[Symbol.asyncIterator](), (item) => encodeItem(item, options)),
  };
}

/** A JSON text as a stream, made into bytes part by part. */
export function outgoingText(text: string, { encodeText }: OutgoingOptions): OutgoingValue {
  return {
    kind: "json",
    heldBytes: text.length,
    isReplayable: true,
    open: () => {
      let at = 0;
      return {
        next: () => {
          if (at >= text.length) return undefined;
          const part = text.slice(at, endOfPart(text, at + TEXT_PART));
          at += part.length;
          return encodeText(part);
        },
        cancel: () => undefined,
      };
    },
  };
}

/** The bytes of one item among others: a line of JSON, or a byte string behind its length. */
function encodeItem(item: unknown, { encodeText, checkItem }: OutgoingOptions): readonly Uint8Array[] {
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) {
    const view = ArrayBuffer.isView(item) ? viewOf(item) : new Uint8Array(item);
    if (view.length > MAX_ITEM_BYTES) {
      throw new RangeError(`an item of ${view.length} bytes, where ${MAX_ITEM_BYTES} are allowed`);
    }
    return [encodeText(`@${view.length}\n`), view];
  }
  const json = JSON.stringify(item) ?? "null";
  checkItem(json);
  return [encodeText(`${json}\n`)];
}

function bytes(view: Uint8Array): OutgoingValue {
  return {
    kind: "bytes",
    heldBytes: view.length,
    isReplayable: true,
    open: () => {
      let rest: Uint8Array | undefined = view;
      return {
        next: () => {
          const piece = rest;
          rest = undefined;
          return piece;
        },
        cancel: () => undefined,
      };
    },
  };
}

function fromStream(stream: WebStream): ByteSource {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : toBytes(value);
    },
    cancel: () => reader.cancel(),
  };
}

function fromIterator(
  iterator: AsyncIterator<unknown>,
  encode: (item: unknown) => readonly Uint8Array[],
): ByteSource {
  let waiting: readonly Uint8Array[] = [];
  let isDone = false;
  return {
    next: async () => {
      const [first, ...rest] = waiting;
      waiting = rest;
      if (first !== undefined) return first;
      const item = await iterator.next();
      if (item.done) {
        isDone = true;
        return undefined;
      }
      try {
        const [piece, ...more] = encode(item.value);
        waiting = more;
        return piece;
      } catch (error) {
        // The producer need not go on making what cannot be sent.
        Promise.resolve(iterator.return?.()).catch(() => undefined);
        throw error;
      }
    },
    cancel: () => (isDone ? undefined : iterator.return?.()),
  };
}

function toBytes(chunk: unknown, options?: OutgoingOptions): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return viewOf(chunk);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  // A Readable with an encoding gives text.
  if (typeof chunk === "string" && options !== undefined) return options.encodeText(chunk);
  throw new TypeError("a stream of bytes gave something that is not a Uint8Array");
}

function viewOf(view: ArrayBufferView): Uint8Array {
  return view instanceof Uint8Array ? view : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Not between the halves of a surrogate pair, which only together are a character. */
function endOfPart(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return end < text.length && last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

interface WebStream {
  readonly locked: boolean;
  getReader(): { read(): Promise<{ done: boolean; value?: unknown }>; cancel(): Promise<void> };
}

function isWebStream(value: object): value is WebStream {
  return "getReader" in value && typeof value.getReader === "function" && "locked" in value;
}

function isBlob(value: object): value is { stream(): WebStream; readonly size: number } {
  return (
    "arrayBuffer" in value &&
    typeof value.arrayBuffer === "function" &&
    "stream" in value &&
    typeof value.stream === "function"
  );
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === "function";
}

/** Node's Readable, known by what it says of itself. */
function isNodeByteStream(value: object): boolean {
  return "readableObjectMode" in value && value.readableObjectMode === false;
}
