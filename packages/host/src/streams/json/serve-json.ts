import { isUtf8 } from "node:buffer";
import type { MessagePort } from "node:worker_threads";
import { findExcess, MAX_DEPTH, MAX_OBJECT_NAMES, MAX_RESULT_TOKENS } from "@paddock/contract";
import type { JsonJob, JsonProblem, JsonReply, JsonRequest } from "./json-messages.js";
import { splitTree } from "./split-tree.js";
import type { Step } from "./tree-steps.js";

/** What a schema finds wrong with a value; `schema` is JSON. */
export type CheckSchema = (schema: unknown, value: unknown) => Promise<readonly JsonProblem[] | undefined>;

/** The thread's side: parses, checks, and sends the value in pieces, each when the last but one was taken. */
export function serveJson(port: MessagePort, check: CheckSchema): void {
  let pieces: Iterator<readonly Step[], void> | undefined;
  let next: readonly Step[] | undefined;
  const send = (reply: JsonReply) => port.postMessage(reply);
  const sendPiece = () => {
    if (pieces === undefined || next === undefined) return;
    const steps = next;
    const following = pieces.next();
    next = following.done ? undefined : following.value;
    send({ kind: "piece", steps, isLast: next === undefined });
  };
  port.on("message", (request: JsonRequest) => {
    if (request.kind === "more") {
      sendPiece();
      return;
    }
    parse(request, check).then((parsed) => {
      if ("kind" in parsed) {
        send(parsed);
        return;
      }
      pieces = splitTree(parsed.value);
      const first = pieces.next();
      next = first.done ? undefined : first.value;
      sendPiece();
    }, fail);
  });
}

/** Ends the thread with the error: there is nothing that its schema or its parser may throw. */
function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** An object with so many names that making it would hold up the main thread: its table is copied as it grows. */
function findCrowd(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (parts !== value && parts.length > MAX_OBJECT_NAMES) {
    return `an object with more than ${MAX_OBJECT_NAMES} names`;
  }
  for (const part of parts) {
    const crowd = findCrowd(part);
    if (crowd !== undefined) return crowd;
  }
  return undefined;
}

async function parse(
  { chunks, schema }: JsonJob,
  check: CheckSchema,
): Promise<JsonReply | { readonly value: unknown }> {
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) return { kind: "fault", words: "an answer that is not UTF-8" };
  const text = bytes.toString("utf8");
  const excess = findExcess(text, MAX_RESULT_TOKENS, MAX_DEPTH);
  if (excess !== undefined) return { kind: "excess", words: excess };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "fault", words: "an answer that is not JSON" };
  }
  const crowd = findCrowd(value);
  if (crowd !== undefined) return { kind: "excess", words: crowd };
  const problems = schema === undefined ? undefined : await check(schema, value);
  return problems === undefined ? { value } : { kind: "invalid", problems };
}
