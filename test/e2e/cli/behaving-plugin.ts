import { writeFiles } from "./paddock.ts";

const MANIFEST = `manifest: 1
id: tests/behaving
version: 1.0.0
runtime: { kind: node, entry: main.js }
actions:
  echo: {}
  length: { input: { type: string } }
  greet: { input: { type: object, required: [name] } }
  colour: {}
  text: {}
  refuse: { errors: { NOT_TODAY: Come back tomorrow. } }
  throwing: {}
  exiting: {}
  spin: {}
  sleep: {}
  grow: {}
  babble: {}
permissions:
  required:
    - { use: storage.kv, max: 1KB }
    - { use: net.fetch, hosts: ["api.example.com:443"], methods: [GET], reason: Looks things up. }
`;

const CODE = String.raw`import { writeSync } from "node:fs";
import { definePlugin, fail } from "@paddock/sdk";

export default definePlugin({
  actions: {
    echo: (input) => input,
    length: (input) => input.length,
    greet: ({ name }) => ({ hello: name }),
    colour(input, ctx) {
      console.log("\u001b[31mred on stdout");
      ctx.log.warn("\u001b[31mred in the log", { key: "\u001b[31m" });
      return "\u001b[31mred\u001b[0m\nnext line";
    },
    text: () => "x".repeat(50000),
    refuse() { throw fail("NOT_TODAY", "Not on this day."); },
    throwing() { throw new Error("a bug"); },
    exiting: () => process.exit(3),
    spin(input, ctx) {
      ctx.log.info("spinning");
      const until = Date.now() + 60000;
      return new Promise((resolve) => setTimeout(() => { while (Date.now() < until); resolve(1); }, 50));
    },
    sleep(input, ctx) {
      ctx.log.info("sleeping");
      return new Promise((resolve) => setTimeout(resolve, 60000));
    },
    grow() {
      const kept = [];
      for (let step = 0; step < 500; step++) kept.push(Buffer.alloc(8 * 1024 ** 2, 1));
      return kept.length;
    },
    babble() {
      writeSync(3, "nonsense\n");
      return new Promise(() => {});
    },
  },
});
`;

/** A plugin with one action for each thing that may happen to a call. */
export function writeBehavingPlugin(folder: string): Promise<string> {
  return writeFiles(folder, { "plugin.yaml": MANIFEST, "main.js": CODE });
}

/** The least plugin, with parts of it replaced. */
export function writePlugin(
  folder: string,
  { manifest = "", code = "export default definePlugin({ actions: { go: () => 1 } });" } = {},
): Promise<string> {
  return writeFiles(folder, {
    "plugin.yaml": `manifest: 1\nid: tests/least\nversion: 1.0.0\nruntime: { kind: node, entry: main.js }\nactions: { go: {} }\n${manifest}`,
    "main.js": `import { definePlugin } from "@paddock/sdk";\n${code}\n`,
  });
}
