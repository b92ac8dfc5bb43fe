import { definePlugin } from "@paddock/sdk";

const STEP = 8 * 1024 ** 2;

export default definePlugin({
  actions: {
    attack({ bytes }) {
      const kept = [];
      const refused = [];
      try {
        while (kept.length * STEP < bytes) kept.push(Buffer.alloc(STEP, 1));
      } catch (error) {
        refused.push(`allocate after ${(kept.length * STEP) / 1024 ** 2} MB: ${error.message}`);
      }
      return { bytes: kept.length * STEP, loot: [], refused };
    },
  },
});
