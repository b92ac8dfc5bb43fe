import { mkdtemp } from "node:fs/promises";
import { expect, it } from "vitest";
import { createProcessIsolation } from "../isolation/process/process.js";
import { createNodeRuntime } from "../runtimes/node.js";
import { loadPluginCode } from "./load-plugin.js";
import { createBundleStore } from "./store.js";

it("x", async () => {
  const home = await mkdtemp("/tmp/paddock-lp-");
  const isolation = await createProcessIsolation({ home });
  const node = createNodeRuntime({ cacheDirectory: home + "/cache" });
  const store = createBundleStore(home + "/store");
  const t = performance.now();
  const code = await loadPluginCode({
    folder: "/tmp/bt",
    entry: "src/main.ts",
    store,
    isolation,
    node,
  }).catch((e) => e);
  console.log(code, performance.now() - t);
  const t2 = performance.now();
  const code2 = await loadPluginCode({
    folder: "/tmp/bt",
    entry: "src/main.ts",
    store,
    isolation,
    node,
  }).catch((e) => e);
  console.log(code2?.digest, performance.now() - t2);
  await isolation.close();
});
