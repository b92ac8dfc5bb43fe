import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack({ signals }) {
      for (const signal of signals) process.kill(process.pid, signal);
      return "still here";
    },
  },
});
