import { LineSplitter } from "@paddock/contract";

const net = process.getBuiltinModule("node:net");

const READ_BYTES = 64 * 1024;

/** Far above any payload of the host, which is trusted: only a broken host reaches it. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Not fatal on bad UTF-8, unlike the host's: these lines come from the host. */
const DECODER = {
  // LineSplitter hands back the buffers it was given, and `concat` makes no others.
  decode: (bytes: Uint8Array) => (bytes as Buffer).toString("utf8"),
  concat: (parts: readonly Uint8Array[]) => Buffer.concat(parts),
};

export interface ChannelEvents {
  /** Throws SyntaxError when the line is not JSON. */
  readonly onLine: (line: string) => void;
  /** The host sent something that is not a line of ours; nothing after it can be trusted. */
  readonly onFault: (fault: string) => void;
  /** The host is gone. May come twice. */
  readonly onEnd: () => void;
}

/**
 * Answers of one turn leave together, but in parts of this size: with all of them in one write, guest and host
 * would wait for each other in turns (210,000 calls a second at 64 in flight, against 400,000 in parts).
 */
const PART_CHARACTERS = 1_200;

/** The inherited descriptor to the host. Replies of one chunk, and of one turn, leave in one write. */
export class Channel {
  readonly #socket: import("node:net").Socket;
  readonly #splitter: LineSplitter;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #events: ChannelEvents;
  #out = "";
  /** True while somebody is bound to flush: the chunk being read, or a tick. */
  #willFlush = false;

  constructor(fd: number, events: ChannelEvents) {
    this.#events = events;
    this.#splitter = new LineSplitter(DECODER, MAX_LINE_BYTES, events.onLine);
    // One buffer for all reads: no allocation for each chunk, and the stream's own queue is not involved.
    this.#socket = new net.Socket({ fd, onread: { buffer: this.#buffer, callback: (n) => this.#read(n) } });
    this.#socket.on("end", events.onEnd);
    this.#socket.on("close", events.onEnd);
    this.#socket.on("error", events.onEnd);
    this.#socket.resume();
  }

  /** Sends a line with the others of this turn. */
  send(line: string): void {
    this.#out += `${line}\n`;
    if (this.#out.length >= PART_CHARACTERS) this.#write();
    if (this.#willFlush) return;
    this.#willFlush = true;
    // A tick asked for in a promise's reaction runs after all reactions that are ready, so they share a write.
    process.nextTick(this.#flush);
  }

  /** Calls back when everything sent so far has left. */
  drain(done: () => void): void {
    this.#flush();
    this.#socket.write("", () => done());
  }

  #read(bytes: number): boolean {
    this.#willFlush = true;
    const view = this.#buffer.subarray(0, bytes);
    // The splitter keeps the last, unfinished line, and the next read would overwrite it.
    const isWhole = this.#buffer[bytes - 1] === 0x0a;
    const fault = this.#push(isWhole ? view : Buffer.from(view));
    this.#flush();
    if (fault !== undefined) this.#events.onFault(fault);
    return true;
  }

  #push(chunk: Uint8Array): string | undefined {
    try {
      return this.#splitter.push(chunk);
    } catch (error) {
      if (error instanceof SyntaxError) return "a line that is not JSON";
      throw error;
    }
  }

  readonly #flush = (): void => {
    this.#willFlush = false;
    this.#write();
  };

  #write(): void {
    if (this.#out === "") return;
    const text = this.#out;
    this.#out = "";
    this.#socket.write(text);
  }
}
