import { writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

let earlier;
const stolen = [];

const WAYS = {
  async keep(ctx, { value }) {
    earlier = ctx;
    stolen.push(value);
    await ctx.kv.set("kept", value);
    return ctx.kv.get("kept");
  },
  read: (ctx) => ctx.kv.get("kept"),
  // Everything that this guest has seen so far, of whatever tenant.
  memory: () => stolen,
  afterwards: () => earlier.kv.get("kept"),
  background: () =>
    new Promise((resolve, reject) => setTimeout(() => earlier.kv.get("kept").then(resolve, reject), 10)),
  // A request that names every call there could be.
  guess(_, { calls }) {
    for (const call of calls) {
      for (const id of [call, call + 1]) {
        writeSync(
          3,
          `{"jsonrpc":"2.0","id":${5_000 + call},"method":"kv.set","params":{"call":${id},"key":"kept","value":"overwritten"}}\n`,
        );
      }
    }
    return "guessed";
  },
};

export default definePlugin({ actions: { attack: (input, ctx) => WAYS[input.way](ctx, input) } });
