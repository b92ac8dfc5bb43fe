import { definePlugin } from "@paddock/sdk";

const MB = 1024 ** 2;
const kept = [];
const forever = (take) => {
  for (let at = 0; ; at++) kept.push(take(at));
};

const WAYS = {
  heap: () => forever((at) => ({ at, next: [at, at + 1] })),
  strings: () => forever((at) => `${at}`.padEnd(1_000, "é")),
  buffers: () => forever(() => Buffer.alloc(MB, 1)),
  shared: () => forever(() => new Uint8Array(new SharedArrayBuffer(MB)).fill(1)),
  wasm() {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
    forever(() => {
      memory.grow(16);
      new Uint8Array(memory.buffer).fill(1, memory.buffer.byteLength - MB);
    });
  },
  bigints: () => forever((at) => 1n << BigInt(8 * MB + at)),
  maps: () => forever((at) => new Map([[at, new Set([at])]])),
  promises: () => forever(() => new Promise(() => {})),
  timers: () => forever(() => setTimeout(() => {}, 2 ** 30)),
  async workers() {
    const { Worker } = await import("node:worker_threads");
    const code =
      "const kept = []; setInterval(() => { for (let i = 0; i < 2e5; i++) kept.push({ i }); }, 1);";
    const started = Array.from({ length: 60 }, () => {
      const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 4096 } });
      return new Promise((_, reject) => worker.on("error", reject));
    });
    await Promise.all(started);
  },
};

export default definePlugin({ actions: { attack: ({ way }) => WAYS[way]() } });
