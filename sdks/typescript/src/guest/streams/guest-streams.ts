import {
  type Attachment,
  type ByteSource,
  type Detachment,
  encodeAttachedSuccess,
  type IncomingStream,
  type Multiplexer,
  type OutgoingOptions,
  type OutgoingValue,
  outgoingText,
  placeAt,
  type StreamAttachment,
} from "@paddock/contract";
import { HostError } from "../../host-error.js";
import { toStreamError } from "../failures.js";
import type { OutputFile } from "../output-file.js";
import { findMisfit } from "../reply-bounds.js";
import { ResultTooLarge } from "../result-too-large.js";
import { openDataChannel } from "./data-channel.js";
import { readIncoming } from "./incoming-values.js";

/** What travels of a result beside it. */
export type Travelling =
  | { readonly kind: "stream"; readonly value: OutgoingValue }
  | { readonly kind: "file"; readonly file: OutputFile };

export interface GuestStreamsOptions {
  readonly fd: number;
  /** Bytes of one line to the host. */
  readonly maxBytes: number;
  readonly send: (line: string) => void;
  readonly onFault: (fault: string) => void;
}

/** Values of calls that travel beside their messages. The descriptor is not touched before the first of them. */
export class GuestStreams {
  readonly #options: GuestStreamsOptions;
  #multiplexer: Multiplexer | undefined;

  constructor(options: GuestStreamsOptions) {
    this.#options = options;
  }

  /** The payload with everything in its place, as soon as what must be there as a whole has arrived. */
  async attach(
    payload: unknown,
    attachments: readonly Attachment[],
    streams: IncomingStream[],
  ): Promise<unknown> {
    const rooted = { root: payload };
    // All at once and in order: the numbers of streams follow the order of their announcement.
    const accepted = attachments.map((one) => {
      // Safe: files stand in results only.
      const attachment = one as StreamAttachment;
      const stream = this.#accept(attachment.stream);
      streams.push(stream);
      return { attachment, stream };
    });
    // The JSON first, which the others belong into.
    for (const { attachment, stream } of accepted) {
      const value = readIncoming(stream, attachment.kind);
      placeAt(rooted, attachment.at, value instanceof Promise ? await value : value);
    }
    return rooted.root;
  }

  /**
   * Sends a result with what travels beside it. `onStop` is called for each stream that the caller gives up, before
   * its source is stopped; `onDone` once, when all are closed. Throws ResultTooLarge.
   */
  async answer(
    id: number,
    result: Detachment<Travelling>,
    json: string,
    { onStop, onDone }: { readonly onStop: () => void; readonly onDone: () => void },
  ): Promise<void> {
    const values: { readonly at: string; readonly value: Travelling }[] = [...result.detached];
    const isLong = this.#misfit(id, json, values) !== undefined;
    if (isLong) {
      values.unshift({ at: "", value: { kind: "stream", value: outgoingText(json, this.outgoing) } });
      const misfit = this.#misfit(id, "null", values);
      if (misfit !== undefined) throw new ResultTooLarge(misfit);
    }
    const multiplexer = this.#open();
    const count = values.filter(({ value }) => value.kind === "stream").length;
    while (!multiplexer.canOpen(count)) await multiplexer.whenFree();
    let open = 1;
    const closed = () => {
      if (--open === 0) onDone();
    };
    const attachments = values.map(({ at, value }): Attachment => {
      if (value.kind === "file") {
        return { at, kind: "file", file: value.file.number, name: value.file.name };
      }
      open++;
      const stream = multiplexer.open(notifying(openSource(value.value), onStop));
      stream.onClosed(closed);
      return announce(at, value.value, stream.id);
    });
    this.#options.send(encodeAttachedSuccess(id, isLong ? "null" : json, attachments));
    closed();
  }

  /** For whoever makes streams of values. */
  readonly outgoing: OutgoingOptions = {
    encodeText: (text) => Buffer.from(text),
    checkItem: (json) => {
      const misfit = findMisfit(json, this.#options.maxBytes);
      if (misfit !== undefined) throw new ResultTooLarge(misfit);
    },
  };

  #misfit(
    id: number,
    json: string,
    values: readonly { readonly at: string; readonly value: Travelling }[],
  ): string | undefined {
    const longest = values.map(({ at, value }): Attachment => {
      return value.kind === "file"
        ? { at, kind: "file", file: value.file.number, name: value.file.name }
        : announce(at, value.value, LONGEST_NUMBER);
    });
    return findMisfit(encodeAttachedSuccess(id, json, longest), this.#options.maxBytes);
  }

  #accept(id: number): IncomingStream {
    const stream = this.#open().accept(
      id,
      ({ data, message }) => new HostError(data?.code ?? "INTERNAL", message, data),
    );
    if (typeof stream === "string") throw new Error(`The host sent ${stream}`);
    return stream;
  }

  #open(): Multiplexer {
    this.#multiplexer ??= openDataChannel(this.#options.fd, {
      toWireError: toStreamError,
      onFault: this.#options.onFault,
    });
    return this.#multiplexer;
  }
}

const LONGEST_NUMBER = 2 ** 32 - 1;

function announce(at: string, { kind, heldBytes }: OutgoingValue, stream: number): StreamAttachment {
  // So that the host can put what arrives where it will stay.
  return kind === "bytes" ? { at, kind, stream, bytes: heldBytes } : { at, kind, stream };
}

/** A source that somebody reads already fails when it is asked, like one that fails later. */
function openSource(value: OutgoingValue): ByteSource {
  try {
    return value.open();
  } catch (error) {
    return { next: () => Promise.reject(error), cancel: () => undefined };
  }
}

function notifying(source: ByteSource, onStop: () => void): ByteSource {
  return {
    next: source.next,
    cancel: () => {
      onStop();
      return source.cancel();
    },
  };
}
