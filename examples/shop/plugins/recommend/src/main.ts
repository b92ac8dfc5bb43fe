import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    recommend() {
      for (;;) {
        // Busy for ever: no timer fires, no promise settles, no signal of the language gets through.
      }
    },
  },
});
