import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { createHost } from "@paddock/host";
import { createTemporaryHome } from "../temporary-home.ts";
import { CHUNK_BYTES, type Flow, RAW_DOWN, RAW_UP } from "./flow.ts";

const PLUGIN = "bench/stream";
const FOLDER = fileURLToPath(new URL("../plugins/stream", import.meta.url));
const CHUNK = new Uint8Array(CHUNK_BYTES);

/** Ours: actions that return bytes, as a web stream or from an async generator, and one that reads both; every wall on. */
export async function startPaddockStreams() {
  const home = await createTemporaryHome();
  const host = await createHost({ home: home.path, limits: { cpu: availableParallelism() } });
  await host.load(FOLDER);
  const up = (name: string, action: string): Flow => ({
    name,
    baseline: RAW_UP,
    flow: async (bytes) => {
      // Safe: that is what both actions return.
      const stream = (await host.call(PLUGIN, action, bytes)) as AsyncIterable<Uint8Array>;
      let missing = bytes;
      for await (const chunk of stream) missing -= chunk.length;
      if (missing !== 0) throw new Error(`${missing} bytes are missing`);
    },
  });
  const down = (name: string, source: (bytes: number) => AsyncIterable<Uint8Array>): Flow => ({
    name,
    baseline: RAW_DOWN,
    flow: async (bytes) => {
      if ((await host.call(PLUGIN, "take", source(bytes))) !== bytes) throw new Error("bytes are missing");
    },
  });
  return {
    flows: [
      up("paddock, up", "make"),
      up("paddock, up, generator", "generate"),
      down("paddock, down", streamOf),
      down("paddock, down, generator", generate),
    ],
    close: async () => {
      await host.close();
      home.close();
    },
  };
}

async function* generate(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK;
}

function streamOf(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left <= 0) {
          controller.close();
          return;
        }
        left -= CHUNK.length;
        controller.enqueue(CHUNK);
      },
    },
    { highWaterMark: 0 },
  );
}
