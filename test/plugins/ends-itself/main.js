import { definePlugin } from "@paddock/sdk";

const WAYS = {
  exit0: () => process.exit(0),
  exit137: () => process.exit(137),
  exit159: () => process.exit(159),
  reallyExit: () => process.reallyExit(9),
  abort: () => process.abort(),
  throwsLater: () =>
    new Promise(() =>
      setImmediate(() => {
        throw new Error("thrown where nobody catches");
      }),
    ),
  rejectsLater: () => {
    void Promise.reject(new Error("rejected where nobody catches"));
    return new Promise(() => {});
  },
  overflow: function overflow() {
    return overflow() + 1;
  },
  pretends() {
    console.error("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory");
    process.abort();
  },
};

export default definePlugin({ actions: { attack: ({ way }) => WAYS[way]() } });
