import { Worker } from "node:worker_threads";
import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    async attack({ threads }) {
      const refused = new Set();
      let running = 0;
      for (let started = 0; started < threads && refused.size === 0; started++) {
        await new Promise((resolve) => {
          try {
            const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
            worker.once("online", () => resolve(running++));
            worker.once("error", (error) =>
              resolve(refused.add(`start a thread after ${running}: ${error.code}`)),
            );
          } catch (error) {
            resolve(refused.add(`start a thread after ${running}: ${error.code}`));
          }
        });
      }
      return { running, loot: [], refused: [...refused] };
    },
  },
});
