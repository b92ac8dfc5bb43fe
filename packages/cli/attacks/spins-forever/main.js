import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack() {
      for (;;);
    },
  },
});
