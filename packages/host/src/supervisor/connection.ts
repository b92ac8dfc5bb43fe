import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import {
  decodeMessage,
  encodeFailure,
  encodeSuccess,
  type Failure,
  type LineDecoder,
  LineSplitter,
  MAX_GUEST_REQUESTS,
  MAX_OUTBOUND_BYTES,
  type Notification,
  type Request,
  type Success,
  TURN_BUDGET_BYTES,
  type WireError,
} from "@paddock/contract";
import { RequestTable } from "./request-table.js";

/** A guest's own messages that are handled before the event loop goes on; the rest wait. */
export const MAX_MESSAGES_PER_TURN = 64;

/** Lines of one turn leave together, but in parts of this size: the guest begins while the host still writes. */
const PART_CHARACTERS = 4_000;

export interface ConnectionHandlers {
  /** Answers a guest's request; a rejection becomes a failure reply. */
  readonly request: (request: Request) => Promise<unknown>;
  readonly notification: (notification: Notification) => void;
  /** The guest broke the protocol: the words say how. Nothing of it is read any more. */
  readonly violation: (words: string) => void;
  /** Turns whatever `request` rejected with into what the guest may see. */
  readonly toWireError: (error: unknown) => WireError;
  /** The guest has read enough of what it was sent: it is clogged no more. */
  readonly drained: () => void;
}

export type Reply = Success | Failure;

/** Who sent a request: hears of the reply once, or never when the guest ends. */
export interface ReplyTarget {
  onReply(reply: Reply): void;
  /**
   * A success with values beside it. The request stays in the table until `release`. Returns what is wrong with
   * them, which the guest is ended for.
   */
  onAttached?(reply: Success): string | undefined;
  /** Whether it has its reply and is only kept for what still travels. */
  readonly isAnswered?: boolean;
}

/**
 * The host's end of a guest's channel. What arrives is hostile: it is bounded before it is parsed, a reply
 * settles only the request that it answers and only once, and no guest gets more than its share of a turn
 * of the event loop. Lines of one turn leave in few writes.
 */
export class GuestConnection {
  readonly #channel: Duplex;
  readonly #handlers: ConnectionHandlers;
  readonly #splitter: LineSplitter;
  readonly #pending = new RequestTable<ReplyTarget>();
  readonly #own = new RequestTable<ReplyTarget>();
  #inbox: (Request | Notification)[] = [];
  #out = "";
  #isFlushing = false;
  #turnBytes = 0;
  #isTurnCounted = false;
  #answering = 0;
  #isClosed = false;
  #droppedReplies = 0;
  #brokeredBytes = 0;

  constructor(channel: Duplex, maxLineBytes: number, handlers: ConnectionHandlers) {
    this.#channel = channel;
    this.#handlers = handlers;
    this.#splitter = new LineSplitter(DECODER, maxLineBytes, (line) => this.#onLine(line));
    channel.on("data", (chunk: Buffer) => this.#onData(chunk));
    channel.on("drain", () => {
      this.#goOn();
      handlers.drained();
    });
  }

  /** Replies that answered nothing: unknown, repeated or late. */
  get droppedReplies(): number {
    return this.#droppedReplies;
  }

  /** Of the guest's own requests and their answers; characters of most lines are bytes. */
  get brokeredBytes(): number {
    return this.#brokeredBytes;
  }

  /** Whether the guest has so much unread that nothing more should be sent. */
  get isClogged(): boolean {
    return this.#channel.writableLength + this.#out.length > MAX_OUTBOUND_BYTES;
  }

  /** Requests without a reply. */
  get unanswered(): number {
    return this.#pending.size;
  }

  find(id: number): ReplyTarget | undefined {
    return this.#pending.get(id);
  }

  /** Sends a request whose `params` are JSON already, and returns its id. */
  request(method: string, params: string, target: ReplyTarget): number {
    const id = this.#pending.add(target);
    this.#send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
    return id;
  }

  /** Like `request`, for what is asked of the guest itself and serves no call: health checks and hooks. */
  requestOwn(method: string, params: string, target: ReplyTarget): void {
    const id = OWN_IDS_FROM + this.#own.add(target);
    this.#send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
  }

  /** Forgets a request whose answer had values beside it. */
  release(id: number): void {
    this.#pending.take(id);
  }

  notify(method: string, params: string): void {
    this.#send(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
  }

  /** Nothing is read or sent any more. Returns whose requests will never be answered. */
  close(): readonly ReplyTarget[] {
    this.#isClosed = true;
    this.#inbox = [];
    this.#own.clear();
    return this.#pending.clear();
  }

  #send(line: string): void {
    if (this.#isClosed) return;
    this.#out += `${line}\n`;
    if (this.#out.length >= PART_CHARACTERS) this.#flush();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const text = this.#out;
    this.#out = "";
    if (text !== "" && !this.#channel.destroyed && this.#channel.writable) this.#channel.write(text);
  }

  /** A mistake of ours while reading a guest's words ends that guest, never the host. */
  #guard(read: () => void): void {
    try {
      read();
    } catch {
      this.#violate("what the host cannot read");
    }
  }

  /** Like `#guard`, without a closure for every chunk. */
  #read(chunk: Buffer): string | undefined {
    try {
      return this.#splitter.push(chunk);
    } catch {
      return "what the host cannot read";
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    const fault = this.#read(chunk);
    if (fault !== undefined) {
      this.#violate(fault);
      return;
    }
    this.#turnBytes += chunk.length;
    if (this.#inbox.length > 0) this.#guard(() => this.#drain());
    if (this.#turnBytes >= TURN_BUDGET_BYTES / 2) this.#countTurn();
  }

  /** Resets the byte budget when this turn is over; past the budget the guest waits until then. */
  #countTurn(): void {
    if (this.#turnBytes >= TURN_BUDGET_BYTES) this.#channel.pause();
    if (this.#isTurnCounted) return;
    this.#isTurnCounted = true;
    setImmediate(() => {
      this.#isTurnCounted = false;
      this.#turnBytes = 0;
      this.#resume();
    });
  }

  #resume(): void {
    if (!this.#isClosed && this.#inbox.length === 0) this.#channel.resume();
  }

  #onLine(line: string): void {
    if (this.#isClosed) return;
    const message = decodeMessage(line);
    if (typeof message === "string") {
      this.#violate(message);
      return;
    }
    if (message.kind === "notification" && message.method === "progress") {
      // At once, as replies are: the answer of its call may be the next line.
      this.#handlers.notification(message);
      return;
    }
    if (message.kind === "request" || message.kind === "notification") {
      if (message.kind === "request") this.#brokeredBytes += line.length;
      this.#inbox.push(message);
      return;
    }
    if (message.id > OWN_IDS_FROM) {
      const own = this.#own.take(message.id - OWN_IDS_FROM);
      if (own === undefined) this.#droppedReplies++;
      else own.onReply(message);
      return;
    }
    const target = this.#pending.get(message.id);
    const isAttached = message.kind === "success" && message.attachments !== undefined;
    if (isAttached) {
      // An answer that nobody asked for must not be able to open streams.
      const fault = target?.isAnswered === false ? target.onAttached?.(message) : UNASKED;
      if (fault !== undefined) this.#violate(fault);
    } else if (target === undefined || target.isAnswered === true) {
      this.#droppedReplies++;
    } else {
      this.#pending.take(message.id);
      target.onReply(message);
    }
  }

  #violate(words: string): void {
    if (this.#isClosed) return;
    // The requests stay: they are settled with the reason when the guest has ended.
    this.#isClosed = true;
    this.#channel.pause();
    this.#handlers.violation(words);
  }

  /** A few of the guest's messages now, the rest later; it is not read while any of them wait. */
  #drain(): void {
    let handled = 0;
    while (handled < this.#inbox.length && handled < MAX_MESSAGES_PER_TURN && !this.#isBusy) {
      // Safe: the index is below the length.
      this.#handle(this.#inbox[handled] as Request | Notification);
      handled++;
    }
    this.#inbox = handled === this.#inbox.length ? [] : this.#inbox.slice(handled);
    if (this.#inbox.length === 0) return;
    this.#channel.pause();
    // When it is busy, the next answer or the emptied channel goes on; else the next turn does.
    if (!this.#isBusy) setImmediate(() => this.#goOn());
  }

  /** It has as many unanswered requests, or as much unread text, as one guest may have. */
  get #isBusy(): boolean {
    return this.#answering >= MAX_GUEST_REQUESTS || this.isClogged;
  }

  #goOn(): void {
    if (this.#isClosed || this.#inbox.length === 0 || this.#isBusy) return;
    this.#guard(() => this.#drain());
    this.#resume();
  }

  #handle(message: Request | Notification): void {
    if (message.kind === "notification") {
      this.#handlers.notification(message);
      return;
    }
    this.#answering++;
    this.#handlers
      .request(message)
      .then(
        (result) => this.#answer(encodeSuccess(message.id, result)),
        (error: unknown) => this.#answer(encodeFailure(message.id, this.#handlers.toWireError(error))),
      )
      .catch(() => this.#guard(() => this.#violate("what the host cannot answer")));
  }

  #answer(line: string): void {
    const wasBusy = this.#isBusy;
    this.#answering--;
    this.#brokeredBytes += line.length;
    this.#send(line);
    if (wasBusy) setImmediate(() => this.#goOn());
  }
}

/** Above the numbers of calls, so that neither gets in the way of the other. */
const OWN_IDS_FROM = 2 ** 30;

const UNASKED = "attachments in an answer that nobody waits for";

const DECODER: LineDecoder = {
  decode: (bytes) => {
    if (!isUtf8(bytes)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  },
  concat: (parts) => Buffer.concat(parts),
};
