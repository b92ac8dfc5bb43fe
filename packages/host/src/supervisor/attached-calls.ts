import { PaddockError, type Success } from "@paddock/contract";
import type { GuestProcess } from "../isolation/isolation.js";
import { CallStreams, INLINE_CHARACTERS } from "../streams/call-streams.js";
import type { GatherSlots } from "../streams/gather-slots.js";
import type { GuestData } from "../streams/guest-data.js";
import type { GuestFiles } from "../streams/guest-files.js";
import type { ReadJson } from "../streams/json/read-json.js";
import type { Call } from "./call.js";
import type { GuestIdentity } from "./guest.js";
import { replyError } from "./guest-errors.js";

export interface AttachedCallsOptions {
  readonly identity: GuestIdentity;
  readonly process: GuestProcess;
  /** `undefined` for a guest without a descriptor for data. */
  readonly data: GuestData | undefined;
  readonly files: GuestFiles | undefined;
  readonly readJson: ReadJson;
  /** Turns at having whole answers gathered. */
  readonly slots: GatherSlots;
  readonly onViolation: (words: string) => void;
  /** The guest has read a payload: there may be room for another. */
  readonly onSent: () => void;
  /** Tells the guest that the output files of a call are copied. */
  readonly onTaken: (call: number) => void;
}

/** How a call that was prepared goes on. */
export interface Prepared {
  /** Payload as JSON, and further params of the message. */
  readonly send: (payload: string, more: string) => void;
  readonly refuse: (error: unknown) => void;
}

/** What travels beside the messages of one guest's calls: bytes, streams, large JSON, files. */
export class AttachedCalls {
  readonly #options: AttachedCallsOptions;
  /** Whether the guest has said that it uses the descriptor for data. */
  hasData = false;

  #outboundBytes = 0;

  constructor(options: AttachedCallsOptions) {
    this.#options = options;
  }

  /** Bytes of payloads that the guest has not read to their end. */
  get outboundBytes(): number {
    return this.#outboundBytes;
  }

  /** Whether nothing travels beside the call. */
  isPlain({ request, payload }: Call): boolean {
    return (
      request.attachments === undefined &&
      request.files === undefined &&
      (payload.length <= INLINE_CHARACTERS || !this.hasData)
    );
  }

  /** Copies the files of a call, opens its streams, and goes on; at once when there are no files. */
  prepare(call: Call, { send, refuse }: Prepared): void {
    const begin = (files: string) => {
      try {
        const { attachments = [] } = call.request;
        const { data } = this.#options;
        if (data === undefined || !this.hasData) {
          if (attachments.length > 0) throw this.#noStreams(call);
          send(call.payload, files);
          return;
        }
        call.streams = this.#streams(call, data);
        const sent = call.streams.send(call.payload, attachments);
        this.#countUnsent(call, call.streams);
        const list =
          sent.attachments.length === 0 ? "" : `,"attachments":${JSON.stringify(sent.attachments)}`;
        send(sent.json, `${files}${list}`);
      } catch (error) {
        refuse(this.#asUsage(error, call));
      }
    };
    const { files } = call.request;
    if (files === undefined) begin("");
    else void this.#copyFiles(call, files, begin, refuse);
  }

  /** Takes an answer with values beside it. Returns what is wrong, or nothing: then `onDone` is called once. */
  accept(call: Call, reply: Success, onDone: () => void): string | undefined {
    const { data } = this.#options;
    if (data === undefined || !this.hasData) return "attachments without a descriptor for data";
    call.isAnswered = true;
    call.streams ??= this.#streams(call, data);
    const { streams } = call;
    if (call.isSettled) streams.fail(new Error("nobody waits for the answer"));
    const answer = streams.accept(reply.result, reply.attachments, onDone);
    if (typeof answer === "string") return answer;
    answer
      .then(
        (value) => call.give(value),
        (error: unknown) => call.reject(error),
      )
      .finally(() => {
        if (streams.hasFiles) this.#options.onTaken(call.id);
        streams.complete();
      });
    return undefined;
  }

  /** The call is over. */
  release(call: Call): void {
    call.streams?.stopInputs();
    if (call.request.files !== undefined) this.#options.files?.remove(call);
  }

  /** The guest is gone; so is everything that flowed. */
  async close(): Promise<void> {
    this.#options.data?.close(new PaddockError("GUEST_RECYCLED", "The guest has ended."));
    // What cannot be removed now goes with the host, or with the next start.
    await this.#options.files?.close().catch(() => undefined);
  }

  async #copyFiles(
    call: Call,
    files: NonNullable<Call["request"]["files"]>,
    begin: (files: string) => void,
    refuse: (error: unknown) => void,
  ): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    call.promise.then(stop, stop);
    try {
      if (this.#options.files === undefined) throw this.#noStreams(call);
      const paths = await this.#options.files.copyIn(call, files, this.#subject(call), over.signal);
      if (call.isSettled) refuse(new Error("nobody waits for the answer"));
      else begin(`,"files":${JSON.stringify(paths)}`);
    } catch (error) {
      refuse(error);
    }
  }

  /** What a caller has given stays in memory until the guest has read it, or the call is over. */
  #countUnsent({ request, payload }: Call, streams: CallStreams): void {
    const bytes = request.outboundBytes ?? payload.length;
    this.#outboundBytes += bytes;
    streams.onSent(() => {
      this.#outboundBytes -= bytes;
      this.#options.onSent();
    });
  }

  #streams(call: Call, data: GuestData): CallStreams {
    const { identity, process, files, readJson, slots, onViolation } = this.#options;
    const { action } = call.request;
    const { limits } = identity.plugin;
    const subject = this.#subject(call);
    // Outbox and scratch space are one: more than that can only be holes.
    const room = { bytes: limits.scratchBytes };
    return new CallStreams({
      subject,
      data,
      slots,
      resultBytes: limits.resultBytes,
      messageBytes: limits.messageBytes,
      readJson,
      owner: identity.plugin.manifest.id,
      outputSchema: call.request.outputSchema,
      toError: (error) => call.streams?.sourceError ?? replyError(identity, action, error),
      onFault: (words) => {
        onViolation(words);
        return new PaddockError("PROTOCOL_VIOLATION", `Cannot run ${subject}: it sent ${words}.`, {
          data: { plugin: identity.plugin.manifest.id, action: action.name },
        });
      },
      copyOutput: async (file, name) => {
        if (files === undefined) throw this.#noStreams(call);
        return files.copyOut(process, { call: call.id, file, name, subject, room });
      },
    });
  }

  #subject(call: Call): string {
    return `"${call.request.action.name}" of "${this.#options.identity.plugin.manifest.id}"`;
  }

  #noStreams(call: Call): PaddockError {
    return new PaddockError(
      "USAGE_INVALID",
      `Cannot run ${this.#subject(call)}: its runtime takes no bytes, streams and files.`,
      { hint: "Send JSON only." },
    );
  }

  /** A stream that somebody reads already, or that fails when it is opened. */
  #asUsage(error: unknown, call: Call): unknown {
    if (error instanceof PaddockError) return error;
    return new PaddockError(
      "USAGE_INVALID",
      `Cannot run ${this.#subject(call)}: a stream of the payload cannot be read.`,
      { hint: "Give each stream to one call only, and read it nowhere else.", cause: error },
    );
  }
}
