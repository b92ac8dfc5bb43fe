import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    transform() {
      for (;;) {
        // A customer's loop that forgot to go on to the next item.
      }
    },
  },
});
