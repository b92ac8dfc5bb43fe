import {
  type Attachment,
  type ByteSource,
  type Detached,
  type IncomingStream,
  MAX_OPEN_STREAMS,
  type OutgoingStream,
  type OutgoingValue,
  outgoingText,
  PaddockError,
  parseAttachments,
  placeAt,
  type Rooted,
  type ToError,
} from "@paddock/contract";
import type { GatherSlots } from "./gather-slots.js";
import { type GuestData, SourceStopped } from "./guest-data.js";
import { toAsyncIterable, toReadableStream } from "./incoming-values.js";
import type { JsonReading, ReadJson } from "./json/read-json.js";
import { OUTGOING } from "./outgoing-options.js";
import type { OutputFile } from "./output-file.js";
import { type BytesRead, readAll } from "./read-all.js";
import { setSchemaView } from "./schema-view.js";

/** A payload's JSON longer than this travels as a stream; well below what a line may have. */
export const INLINE_CHARACTERS = 64 * 1024;

/** What the streams of one call need of their guest and their action. */
export interface CallSurroundings {
  /** Names action and plugin, for errors: `"resize" of "acme/thumbs"`. */
  readonly subject: string;
  readonly data: GuestData;
  readonly slots: GatherSlots;
  readonly resultBytes: number;
  /** Bytes of the JSON of one item. */
  readonly messageBytes: number;
  readonly readJson: ReadJson;
  /** The plugin: those with large answers take turns. */
  readonly owner: string;
  readonly outputSchema: unknown;
  readonly toError: ToError;
  /** Ends the guest, and returns what the caller gets. */
  readonly onFault: (words: string) => Error;
  readonly copyOutput: (file: number, name: string) => Promise<OutputFile>;
}

/** What of a payload goes into the line of its call. */
export interface SentPayload {
  readonly json: string;
  readonly attachments: readonly Attachment[];
}

/**
 * The streams of one call: those of its payload, and those of its answer. It is over when its answer is complete and
 * every stream of the answer is closed.
 */
export class CallStreams {
  readonly #surroundings: CallSurroundings;
  #onDone: () => void = () => undefined;
  #inputs: readonly OutgoingStream[] = [];
  #outputs: readonly IncomingStream[] = [];
  /** Copies made for this answer. */
  readonly #files: OutputFile[] = [];
  #sourceError: PaddockError | undefined;
  #open = 0;
  #error: unknown;
  #hasFailed = false;

  /** Whether files were among the answer. */
  hasFiles = false;

  constructor(surroundings: CallSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Opens the streams of the payload. Throws OVERLOADED when the guest has too many. */
  send(json: string, detached: readonly Detached<OutgoingValue>[]): SentPayload {
    const { data, subject } = this.#surroundings;
    const isLong = json.length > INLINE_CHARACTERS;
    const values = isLong ? [{ at: "", value: outgoingText(json, OUTGOING) }, ...detached] : detached;
    if (!data.streams.canOpen(values.length)) {
      throw new PaddockError("OVERLOADED", `Cannot run ${subject}: ${MAX_OPEN_STREAMS} streams are open.`, {
        hint: "Try again when some of the calls with streams have ended.",
      });
    }
    const opened = values.map(({ at, value }) => ({ at, value, source: this.#watch(value.open()) }));
    const streams = opened.map(({ at, value, source }) => ({
      stream: data.streams.open(source),
      at,
      kind: value.kind,
    }));
    this.#inputs = streams.map(({ stream }) => stream);
    const attachments = streams.map(({ stream, at, kind }): Attachment => ({ at, kind, stream: stream.id }));
    return { json: isLong ? "null" : json, attachments };
  }

  /** Calls back once, when every stream of the payload is closed. */
  onSent(listener: () => void): void {
    let open = this.#inputs.length + 1;
    const closed = () => {
      if (--open === 0) listener();
    };
    for (const stream of this.#inputs) stream.onClosed(closed);
    closed();
  }

  /** What the caller gets instead of the plugin's failure, when it was a source of the caller's that failed. */
  get sourceError(): PaddockError | undefined {
    return this.#sourceError;
  }

  #watch(source: ByteSource): ByteSource {
    return {
      next: async () => {
        try {
          return await source.next();
        } catch (cause) {
          this.#sourceError ??= new PaddockError(
            "USAGE_INVALID",
            `Cannot run ${this.#surroundings.subject}: a stream of the payload failed.`,
            { hint: "The cause is the stream's own error.", cause },
          );
          throw cause;
        }
      },
      cancel: source.cancel,
    };
  }

  /**
   * The answer with everything in its place, or what is wrong with the attachments, which the guest is ended for.
   * `onDone` is called once, after `complete`, when all streams are closed.
   */
  accept(result: unknown, given: unknown, onDone: () => void): Promise<unknown> | string {
    const attachments = parseAttachments(given);
    if (typeof attachments === "string") return attachments;
    const { data, toError } = this.#surroundings;
    const accepted: Accepted[] = [];
    for (const attachment of attachments) {
      const stream = attachment.kind === "file" ? undefined : data.streams.accept(attachment.stream, toError);
      if (typeof stream === "string") return stream;
      accepted.push({ attachment, stream });
    }
    const [first, ...others] = accepted;
    const isWhole = first?.attachment.kind === "json";
    const copy: Rooted = { root: structuredClone(result) };
    for (const { attachment } of isWhole ? accepted.slice(0, 1) : accepted) {
      if (!placeAt(copy, attachment.at, TAKEN)) return "an attachment that leads nowhere";
    }
    this.hasFiles = accepted.some(({ attachment }) => attachment.kind === "file");
    this.#outputs = accepted.flatMap(({ stream }) => stream ?? []);
    this.#open = this.#outputs.length + 1;
    for (const stream of this.#outputs) stream.onClosed(() => this.#closed());
    // Given up before the answer came: nothing of it is read.
    if (this.#hasFailed) for (const stream of this.#outputs) stream.cancel(this.#error);
    this.#onDone = onDone;
    const answer =
      isWhole && first?.stream !== undefined
        ? this.#readWhole(first.stream, others)
        : this.#place(result, accepted);
    return answer.then(
      (value) => {
        // Given up while it was put together: the copies are nobody's.
        if (this.#hasFailed) this.#eraseFiles();
        return value;
      },
      (error: unknown) => {
        this.#eraseFiles();
        throw error;
      },
    );
  }

  #eraseFiles(): void {
    for (const file of this.#files.splice(0)) void file.dispose().catch(() => undefined);
  }

  /** The caller has its answer, or was told why there is none. */
  complete(): void {
    this.#closed();
  }

  /** Nobody wants the rest: readers get the error, sources are stopped. */
  fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#error = error;
    for (const stream of this.#outputs) if (!stream.isClosed) stream.cancel(error);
    this.stopInputs();
  }

  /** The plugin has answered, or nobody waits: what is left of the payload is not sent. */
  stopInputs(): void {
    for (const stream of this.#inputs) stream.stop(new SourceStopped("CANCELLED", "The call has ended."));
  }

  async #readWhole(stream: IncomingStream, others: readonly Accepted[]): Promise<unknown> {
    const { slots, readJson, resultBytes, outputSchema, owner } = this.#surroundings;
    const bounds = { maxBytes: resultBytes, schema: outputSchema, owner };
    const reading = await slots.use(() => readJson(stream, bounds));
    const rooted: Rooted = { root: this.#value(reading) };
    for (const { attachment, stream: other } of others) {
      const value = await this.#read(attachment, other);
      if (!placeAt(rooted, attachment.at, value)) {
        throw this.#surroundings.onFault("an attachment that leads nowhere");
      }
    }
    setSchemaView(rooted.root, { kind: "checked", hasAttachments: others.length > 0 });
    return rooted.root;
  }

  async #place(result: unknown, accepted: readonly Accepted[]): Promise<unknown> {
    const rooted: Rooted = { root: structuredClone(result) };
    for (const { attachment, stream } of accepted) {
      placeAt(rooted, attachment.at, await this.#read(attachment, stream));
    }
    setSchemaView(rooted.root, { kind: "value", value: result, hasAttachments: true });
    return rooted.root;
  }

  #value(reading: JsonReading): unknown {
    switch (reading.kind) {
      case "value":
        return reading.value;
      case "fault":
        throw this.#surroundings.onFault(reading.words);
      case "refused":
        throw reading.error(this.#surroundings.subject);
    }
  }

  async #read(attachment: Attachment, stream: IncomingStream | undefined): Promise<unknown> {
    const { data, slots, resultBytes, messageBytes, onFault, copyOutput } = this.#surroundings;
    if (attachment.kind === "file") {
      // Nobody waits for it any more: it is not copied for nobody.
      if (this.#hasFailed) throw this.#error;
      const file = await copyOutput(attachment.file, attachment.name);
      this.#files.push(file);
      return file;
    }
    const onBytes = (bytes: number) => data.handedOut(bytes);
    // Safe: everything but a file has one.
    const incoming = stream as IncomingStream;
    switch (attachment.kind) {
      case "byteStream":
        return toReadableStream(incoming, onBytes);
      case "items":
        return toAsyncIterable(incoming, { maxLineBytes: messageBytes, onFault, onBytes });
      default:
        return this.#bytes(await slots.use(() => readAll(incoming, resultBytes, attachment.bytes)));
    }
  }

  #bytes(read: BytesRead): Uint8Array {
    if (read.kind === "bytes") return read.bytes;
    const { subject, resultBytes, onFault } = this.#surroundings;
    if (read.kind === "fault") throw onFault(read.words);
    throw new PaddockError(
      "RESULT_TOO_LARGE",
      `Cannot run ${subject}: its answer has more than ${resultBytes} bytes.`,
      { hint: "Raise limits.result, or let the plugin answer with a stream.", data: { limit: resultBytes } },
    );
  }

  #closed(): void {
    if (--this.#open > 0) return;
    this.stopInputs();
    this.#onDone();
  }
}

interface Accepted {
  readonly attachment: Attachment;
  readonly stream: IncomingStream | undefined;
}

/** Stands in a copy where something will be put: a second attachment at one place finds no null there. */
const TAKEN = true;
