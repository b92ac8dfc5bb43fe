import { readFileSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const WAYS = {
  spin() {
    for (;;);
  },
  sleep: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  regex: () => /^(a|a)*$/.test(`${"a".repeat(64)}b`),
  files() {
    for (;;) readFileSync("/plugin/plugin.yaml");
  },
  microtasks: async () => {
    for (;;) await undefined;
  },
  promise: () => new Promise(() => setInterval(() => {}, 1_000)),
  // Waits politely, and heeds nobody.
  deaf: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "done")),
  json: () => JSON.stringify(Array.from({ length: 1e9 }, () => "x")),
};

export default definePlugin({ actions: { attack: ({ way, ms }) => WAYS[way](ms) } });
