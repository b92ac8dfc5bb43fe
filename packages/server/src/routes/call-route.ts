import { Readable } from "node:stream";
import { type CallOptions, isPaddockError, PaddockError } from "@paddock/host";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { type ItemLine, MAX_BODY_BYTES, RESULT_HEADER } from "../call-protocol.js";
import { disconnectOf } from "../disconnect.js";
import { toBase64, toJsonPieces } from "../json-pieces.js";
import { readPart } from "../read-part.js";
import { sendBytes, sendLines } from "../send-lines.js";
import { PLUGIN, pluginOf, type RouteRooms } from "./route-rooms.js";

const callQuery = z.strictObject({
  tenant: z.string().max(200).optional(),
  caller: z.string().max(400).optional(),
  timeoutMs: z.coerce.number().optional(),
});

/** One call, cancelled when whoever made it goes away. */
export function callRoute(app: FastifyInstance, rooms: RouteRooms): void {
  const { host, authenticate, closing, enter } = rooms;
  // Bytes go to the plugin as they come.
  app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
  app.post(`${PLUGIN}/actions/:action`, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const actor = authenticate(request);
    const options = readPart(callQuery, request.query, "query");
    // Safe: the address has it.
    const { action } = request.params as { readonly action: string };
    const gone = disconnectOf(reply, closing);
    // Ends what nobody will read: streams that came with an answer that cannot be sent.
    const over = new AbortController();
    const leave = enter();
    try {
      const { traceparent } = request.headers;
      const callOptions: CallOptions = {
        ...options,
        signal: AbortSignal.any([gone, over.signal]),
        ...(typeof traceparent === "string" ? { traceparent } : {}),
      };
      const result = await host.admin.call(
        actor,
        pluginOf(request),
        action,
        toPayload(request.body),
        callOptions,
      );
      return await answer(reply, result);
    } catch (error) {
      if (gone.aborted && !isPaddockError(error, "CANCELLED")) {
        throw new PaddockError("CANCELLED", "Whoever made the call went away.", { cause: error });
      }
      throw error;
    } finally {
      leave();
      over.abort();
    }
  });
}

/** JSON at once; bytes and items as they come. */
async function answer(reply: FastifyReply, result: unknown): Promise<unknown> {
  if (result instanceof Uint8Array) {
    const bytes = Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    return reply.header(RESULT_HEADER, "bytes").type("application/octet-stream").send(bytes);
  }
  if (result instanceof ReadableStream) {
    reply.hijack();
    reply.raw.setHeader(RESULT_HEADER, "bytes");
    return sendBytes(reply.raw, "application/octet-stream", result);
  }
  if (isIterable(result)) {
    reply.hijack();
    reply.raw.setHeader(RESULT_HEADER, "items");
    return sendLines(reply.raw, wrapped(result));
  }
  const pieces = await toJsonPieces(result ?? null);
  const length = pieces.reduce((bytes, piece) => bytes + piece.length, 0);
  return reply
    .header(RESULT_HEADER, "json")
    .header("content-length", length)
    .type("application/json")
    .send(Readable.from(pieces));
}

/** An item of the plugin's may look like the line that says an error. */
async function* wrapped(items: AsyncIterable<unknown>): AsyncGenerator<ItemLine, void, undefined> {
  for await (const item of items)
    yield { item: item instanceof Uint8Array ? toBase64(item) : (item ?? null) };
}

function toPayload(body: unknown): unknown {
  // Safe: Node's streams of bytes give buffers, which are Uint8Arrays.
  return body instanceof Readable ? (Readable.toWeb(body) as ReadableStream<Uint8Array>) : (body ?? null);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
