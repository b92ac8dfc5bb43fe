import { spawn } from "node:child_process";
import { definePlugin } from "@paddock/sdk";

const MANY = 200;

export default definePlugin({
  actions: {
    async attack() {
      const loot = [];
      const codes = new Map();
      for (let started = 0; started < MANY; started++) {
        try {
          const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
          child.on("error", ({ code }) => codes.set(code, (codes.get(code) ?? 0) + 1));
          if (child.pid !== undefined) loot.push(`process ${child.pid}`);
        } catch ({ code }) {
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { loot, refused: [...codes].map(([code, times]) => `start a process, ${times} times: ${code}`) };
    },
  },
});
