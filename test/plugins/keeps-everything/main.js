import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const outcome = async (work) => {
  try {
    await work();
    return "done";
  } catch (error) {
    return error.code ?? String(error);
  }
};

export default definePlugin({
  actions: {
    store: (key, ctx) => outcome(() => ctx.kv.set(key, key.repeat(500))),
    stored: (_, ctx) => ctx.kv.list(),
    write: ({ name, bytes }) =>
      outcome(() => {
        const file = openSync(`/data/${name}`, "w");
        try {
          writeSync(file, Buffer.alloc(bytes, "x"));
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      }),
    written: (name) => readFileSync(`/data/${name}`).length,
    async pass(bytes, ctx) {
      const output = ctx.files.create("copy");
      writeFileSync(output.path, Buffer.alloc(bytes, readFileSync(ctx.files.inbox.given)));
      return output;
    },
    crash: () => process.abort(),
  },
});
