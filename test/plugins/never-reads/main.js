import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    attack: ({ sleepMs }) =>
      sleepMs ? Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs) : "awake",
  },
});
