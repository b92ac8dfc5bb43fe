import type { IncomingMessage } from "node:http";
import { isPaddockError } from "@paddock/contract";
import { ERROR_TRAILER, type ItemLine } from "./call-protocol.js";
import { fromErrorLine, fromProblem } from "./problem.js";
import { readLines } from "./read-lines.js";

/** An answer that began well; its body is still to be read. */
export interface ControlAnswer {
  readonly message: IncomingMessage;
  /** What to say when it breaks off. */
  broken(cause: unknown): unknown;
}

/** Largest answer that is not a stream. */
const MAX_ANSWER_BYTES = 256 * 1024 ** 2;

/** The one JSON value of an answer; nothing for one without a body. */
export async function readJson({ message, broken }: ControlAnswer): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of piecesOf(message)) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
      chunks.push(chunk);
    }
    return size === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw broken(error);
  }
}

/** Bytes as they come. Rejects at their end when the host says that they ended too early. */
export async function* bytesOf({
  message,
  broken,
}: ControlAnswer): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* piecesOf(message);
  } catch (error) {
    throw broken(error);
  }
  const trailer = message.trailers[ERROR_TRAILER];
  if (trailer === undefined) return;
  throw fromErrorLine(JSON.parse(decodeURIComponent(trailer))) ?? fromProblem(undefined);
}

/** JSON values, one a line; the host's error when the last of them says one. */
export async function* linesOf<T>(ask: () => Promise<ControlAnswer>): AsyncGenerator<T, void, undefined> {
  const { message, broken } = await ask();
  try {
    for await (const line of readLines(piecesOf(message))) {
      const value: unknown = JSON.parse(line);
      const error = fromErrorLine(value);
      if (error !== undefined) throw error;
      // Safe: the host is of the same version and writes these lines.
      yield value as T;
    }
  } catch (error) {
    throw isPaddockError(error) ? error : broken(error);
  }
}

/** Items of a plugin's stream, each wrapped by the host: one may look like an error. */
export async function* itemsOf(answer: ControlAnswer): AsyncGenerator<unknown, void, undefined> {
  for await (const { item } of linesOf<ItemLine>(() => Promise.resolve(answer))) yield item;
}

function piecesOf(message: IncomingMessage): AsyncIterable<Uint8Array> {
  return message;
}
