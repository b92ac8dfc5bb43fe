import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { createHost } from "@paddock/host";
import { createTemporaryHome } from "../temporary-home.ts";
import type { Flow } from "./flow.ts";

const PLUGIN = "bench/stream";
const FOLDER = fileURLToPath(new URL("../plugins/stream", import.meta.url));
const CHUNK = new Uint8Array(256 * 1024);

/** Ours: an action that returns a stream of bytes, and one that reads one, every wall on. */
export async function startPaddockStreams() {
  const home = await createTemporaryHome();
  const host = await createHost({ home: home.path, limits: { cpu: availableParallelism() } });
  await host.load(FOLDER);
  const up: Flow = {
    name: "paddock, up",
    flow: async (bytes) => {
      // Safe: that is what the action returns.
      const stream = (await host.call(PLUGIN, "make", bytes)) as ReadableStream<Uint8Array>;
      let missing = bytes;
      for await (const chunk of stream) missing -= chunk.length;
      if (missing !== 0) throw new Error(`${missing} bytes are missing`);
    },
  };
  const down: Flow = {
    name: "paddock, down",
    flow: async (bytes) => {
      if ((await host.call(PLUGIN, "take", bytesOf(bytes))) !== bytes) throw new Error("bytes are missing");
    },
  };
  return {
    flows: [up, down],
    close: async () => {
      await host.close();
      home.close();
    },
  };
}

function bytesOf(bytes: number): ReadableStream<Uint8Array> {
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
