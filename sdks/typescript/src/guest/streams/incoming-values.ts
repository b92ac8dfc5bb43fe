import { type IncomingStream, ItemReader, type StreamKind } from "@paddock/contract";

/** For a line of the host, which is trusted: only a broken host reaches it. */
const MAX_ITEM_LINE_BYTES = 64 * 1024 * 1024;

/** What the plugin gets for a stream of the payload. */
export function readIncoming(stream: IncomingStream, kind: StreamKind): unknown {
  switch (kind) {
    case "bytes":
      return readAll(stream);
    case "json":
      return readAll(stream).then((bytes) => JSON.parse(decodeText(bytes)));
    case "byteStream":
      return toReadableStream(stream);
    case "items":
      return iterateItems(stream);
  }
}

async function readAll(stream: IncomingStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  // A plain Uint8Array, as the documentation promises.
  return new Uint8Array(all.buffer, all.byteOffset, all.byteLength);
}

function toReadableStream(stream: IncomingStream): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await stream.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => stream.cancel(),
    },
    // Nothing is read before the plugin reads: what it does not read stays with the caller.
    { highWaterMark: 0 },
  );
}

async function* iterateItems(stream: IncomingStream): AsyncGenerator<unknown, void, undefined> {
  const reader = new ItemReader(stream, { decodeText }, MAX_ITEM_LINE_BYTES);
  try {
    while (true) {
      const item = await reader.next();
      if (item.kind === "end") return;
      if (item.kind === "fault") throw new Error(`The host sent ${item.words}`);
      yield item.value;
    }
  } finally {
    stream.cancel();
  }
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
