import { encodeNotification, type LogLevel, type LogParams } from "@paddock/contract";
import type { Log, LogFields } from "../context.js";
import { findMisfit } from "./reply-bounds.js";

/** Characters of a message that is kept when the line as a whole does not fit. */
const CUT_CHARACTERS = 4_000;

/** Where log lines go, and how long they may be. */
export interface LogSink {
  readonly send: (line: string) => void;
  readonly maxBytes: number;
}

/** The log as one call sees it. A line that the host would refuse is cut, because that would end the guest. */
export class CallLog implements Log {
  readonly #sink: LogSink;
  readonly #call: number | undefined;

  constructor(sink: LogSink, call: number | undefined) {
    this.#sink = sink;
    this.#call = call;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const about = { level, ...(this.#call === undefined ? {} : { call: this.#call }) };
    const text = String(message);
    const line = encode({ ...about, message: text, ...(fields === undefined ? {} : { fields }) });
    if (line !== undefined && findMisfit(line, this.#sink.maxBytes) === undefined) {
      this.#sink.send(line);
      return;
    }
    const reason = line === undefined ? "fields are not JSON" : "too long";
    const cut = text.slice(0, CUT_CHARACTERS);
    this.#sink.send(encodeNotification("log", { ...about, message: cut, fields: { cut: reason } }));
  }
}

function encode(params: LogParams): string | undefined {
  try {
    return encodeNotification("log", params);
  } catch {
    // A cycle, a BigInt, a getter that throws: logging must not be what breaks the plugin.
    return undefined;
  }
}
