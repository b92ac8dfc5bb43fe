import { definePlugin } from "@paddock/sdk";

export default definePlugin({
  actions: {
    /** The new program inherits every wall; what it prints is a log line. */
    attack({ code, environment }) {
      process.execve(process.execPath, [process.execPath, "-e", code], environment);
    },
  },
});
