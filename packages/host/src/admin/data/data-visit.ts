import { PaddockError } from "@paddock/contract";
import type { GuestProcess } from "../../isolation/isolation.js";
import type { LoadedPlugin } from "../../supervisor/plugin.js";
import { ByteReader } from "./byte-reader.js";
import type { DataTask } from "./data-guest.js";
import { type DataRooms, launchDataGuest } from "./data-guest-launch.js";
import { MAX_DATA_LINE_BYTES, type ParsedDataLine, parseDataLine } from "./data-line.js";

/** Entries that a list names; the sums count them all. */
export const MAX_LISTED_ENTRIES = 10_000;
/** A reader of an export may pause so long, and a plugin's files may keep us waiting so long. */
export const STALL_TIMEOUT_MS = 60_000;
/** One look at the files of a plugin and tenant, from the start of its guest to its end. */
export class Visit {
  readonly #guest: GuestProcess;
  readonly #reader: ByteReader;
  readonly #plugin: string;
  readonly #signal: AbortSignal;
  #stall: NodeJS.Timeout | undefined;

  private constructor(guest: GuestProcess, plugin: string, signal: AbortSignal) {
    this.#guest = guest;
    this.#plugin = plugin;
    this.#signal = signal;
    this.#reader = new ByteReader(guest.channel);
    signal.addEventListener("abort", this.#cancel, { once: true });
    if (signal.aborted) this.#cancel();
    this.#isMoving();
  }

  static async begin(
    rooms: DataRooms,
    plugin: LoadedPlugin,
    tenant: string,
    kind: DataTask["kind"],
    signal: AbortSignal,
  ): Promise<Visit> {
    const guest = await launchDataGuest(rooms, plugin, tenant, signal);
    const task: DataTask = { kind, maxEntries: MAX_LISTED_ENTRIES };
    guest.channel.write(`${JSON.stringify(task)}\n`);
    return new Visit(guest, plugin.manifest.id, signal);
  }

  async line(): Promise<ParsedDataLine> {
    this.#isMoving();
    return parseDataLine(await this.#reader.line(MAX_DATA_LINE_BYTES));
  }

  async *bytes(count: number): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of this.#reader.bytes(count)) {
      this.#isMoving();
      yield piece;
    }
  }

  /** Waits until it has ended by itself. Rejects when it did not end well. */
  async end(): Promise<void> {
    const { code, message } = await this.#guest.ended;
    if (code !== undefined) throw new Error(message);
  }

  /** What to say about a failure: the guest's end knows more than the stream that broke. */
  async fail(error: unknown): Promise<unknown> {
    this.#guest.kill({ code: "KILLED", message: "no usable answer" });
    const end = await this.#guest.ended;
    this.#signal.throwIfAborted();
    if (error instanceof PaddockError && error.code !== "PROTOCOL_VIOLATION") return error;
    return new PaddockError(
      "STORE_FAILED",
      `Cannot look at the files of "${this.#plugin}": ${end.message}.`,
      { hint: "Try again; if it stays so, see whether the host's disk is full or damaged.", cause: error },
    );
  }

  async close(): Promise<void> {
    clearTimeout(this.#stall);
    this.#signal.removeEventListener("abort", this.#cancel);
    this.#guest.channel.destroy();
    this.#guest.kill({ code: "KILLED", message: "its work is done" });
    await this.#guest.ended;
  }

  #isMoving(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(
      () => this.#guest.kill({ code: "TIMEOUT", message: `nothing moved for ${STALL_TIMEOUT_MS / 1_000} s` }),
      STALL_TIMEOUT_MS,
    ).unref();
  }

  readonly #cancel = (): void => this.#guest.kill({ code: "KILLED", message: "it was cancelled" });
}
