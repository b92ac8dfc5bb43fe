import { definePlugin } from "@paddock/sdk";

const CHUNK = new Uint8Array(64 * 1024);

// biome-ignore lint/style/noDefaultExport: what a plugin is, its module exports by default.
export default definePlugin({
  actions: {
    make(bytes) {
      let left = bytes;
      return new ReadableStream(
        {
          pull(controller) {
            if (left <= 0) return controller.close();
            left -= CHUNK.length;
            controller.enqueue(CHUNK);
          },
        },
        { highWaterMark: 0 },
      );
    },
    async *generate(bytes) {
      for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK;
    },
    async take(stream) {
      let bytes = 0;
      for await (const chunk of stream) bytes += chunk.length;
      return bytes;
    },
  },
});
