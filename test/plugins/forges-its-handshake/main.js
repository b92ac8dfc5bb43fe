import { closeSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  init({ config }) {
    if (config?.result !== undefined)
      writeSync(3, `{"jsonrpc":"2.0","id":${config.id},"result":${config.result}}\n`);
    if (config?.error !== undefined)
      writeSync(3, `{"jsonrpc":"2.0","id":${config.id},"error":${config.error}}\n`);
    if (config?.closes) closeSync(3);
    return new Promise((resolve) => setTimeout(resolve, config === undefined ? 0 : 60_000));
  },
  actions: { attack: () => "started" },
});
