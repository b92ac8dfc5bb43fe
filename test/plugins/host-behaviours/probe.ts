import { writePlugin } from "./write-plugin.js";

const CODE = `
  let count = 0;
  let config;
  export default definePlugin({
    init(ctx) { config = ctx.config; },
    actions: {
      echo: (input) => input,
      count: () => ++count,
      config: () => config,
      tenant: (_, ctx) => ctx.tenant,
      version: () => VERSION,
      wait: (ms, ctx) => new Promise((resolve) => {
        setTimeout(() => resolve(VERSION), ms);
      }),
      refuse: () => { throw fail("NOT_TODAY", "Come back tomorrow"); },
      throws: () => { throw new Error("boom"); },
      say: (text, ctx) => { ctx.log.warn(text, { a: 1 }); console.log("out", text); console.error("err", text); },
    },
  });`;
const ACTIONS = {
  ...Object.fromEntries(
    ["echo", "count", "config", "tenant", "version", "wait", "throws", "say"].map((name) => [name, {}]),
  ),
  refuse: { errors: { NOT_TODAY: "It is closed." } },
};

/** A plugin with an action for everything that a host's tests ask. */
export function writeProbe(folder: string, version = "1.0.0"): Promise<string> {
  return writePlugin(folder, { version, actions: ACTIONS, code: `const VERSION = "${version}";${CODE}` });
}
