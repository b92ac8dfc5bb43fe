import type { LifecycleEvent } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, OPERATOR, openFaultBench } from "./fault-bench.js";

/** How long a guest may start, and answer; what hangs is ended then. */
const LIMIT = "1200ms";
/** Nobody waits longer for what a failure breaks. */
const BEARABLE_MS = 8_000;

let bench: FaultBench;
beforeAll(async () => {
  bench = await openFaultBench({
    limits: { startTimeout: LIMIT, timeout: LIMIT },
    defaults: {
      // One failure each; the rest that comes after several is another test's subject.
      restart: { crashes: 1_000, window: "1s" },
      breaker: { failures: 1_000 },
      retry: { attempts: 1 },
      health: { interval: "300ms", timeout: "300ms", failures: 2 },
    },
  });
}, 30_000);
afterAll(async () => bench?.close());

/** What a failure at a moment does to whoever is there, by the codes that they may get. */
interface Moment {
  readonly moment: string;
  readonly meet: (id: string) => Promise<readonly string[]>;
  readonly crash: readonly string[];
  readonly hang: readonly string[];
}

const call = (id: string, action = "call", payload: unknown = 1, timeoutMs = 10_000) =>
  bench.host.call(id, action, payload, { timeoutMs });

const endOf = (id: string) => (event: LifecycleEvent) => event.kind === "guest-ended" && event.plugin === id;

const START: Omit<Moment, "moment"> = {
  meet: async (id) => [await codeOf(call(id))],
  crash: ["START_FAILED"],
  hang: ["TIMEOUT"],
};
const GUEST_GOES: Pick<Moment, "crash" | "hang"> = { crash: ["CRASHED"], hang: ["TIMEOUT"] };

async function collect(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = [];
  // Safe: what the action returns is a stream of items.
  for await (const item of stream as AsyncIterable<unknown>) items.push(item);
  return items;
}

const MOMENTS: readonly Moment[] = [
  { moment: "import", ...START },
  { moment: "init", ...START },
  {
    moment: "after-init",
    meet: async (id) => {
      const code = await codeOf(bench.host.start(id));
      await bench.until(endOf(id));
      return [code];
    },
    crash: ["answered"],
    hang: ["answered"],
  },
  { moment: "health", ...START },
  { moment: "call", meet: async (id) => [await codeOf(call(id))], ...GUEST_GOES },
  {
    moment: "between-calls",
    meet: async (id) => {
      const code = await codeOf(call(id));
      await bench.until(endOf(id));
      return [code];
    },
    crash: ["answered"],
    hang: ["answered"],
  },
  {
    moment: "suspend",
    meet: async (id) => {
      await call(id);
      await bench.host.admin.suspend(OPERATOR, id);
      const code = await codeOf(call(id));
      await bench.host.admin.resume(OPERATOR, id);
      await bench.until(endOf(id));
      return [code];
    },
    crash: ["PLUGIN_SUSPENDED"],
    hang: ["PLUGIN_SUSPENDED"],
  },
  {
    moment: "resume",
    meet: async (id) => {
      await call(id);
      await bench.host.admin.suspend(OPERATOR, id);
      await bench.host.admin.resume(OPERATOR, id);
      await bench.until(endOf(id));
      return [];
    },
    crash: [],
    hang: [],
  },
  {
    moment: "shutdown",
    meet: async (id) => {
      await call(id);
      await bench.host.admin.restart(OPERATOR, id);
      await bench.until(endOf(id));
      return [];
    },
    crash: [],
    hang: [],
  },
  {
    moment: "event",
    meet: async (id) => {
      await call(id);
      await bench.host.publish("fault.now");
      await bench.until(endOf(id));
      return [];
    },
    crash: [],
    hang: [],
  },
  {
    moment: "streaming",
    meet: async (id) => [await codeOf(call(id, "write").then(collect))],
    ...GUEST_GOES,
  },
  {
    moment: "reading",
    meet: async (id) => {
      let isCancelled = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
        cancel: () => {
          isCancelled = true;
        },
      });
      const code = await codeOf(call(id, "read", endless));
      expect(isCancelled).toBe(true);
      return [code];
    },
    ...GUEST_GOES,
  },
  { moment: "requesting", meet: async (id) => [await codeOf(call(id, "request"))], ...GUEST_GOES },
];

const WAYS = ["crash", "hang"] as const;
const PLUGINS = [
  { plugin: "fails-at", language: "TypeScript" },
  { plugin: "fails-at-python", language: "Python" },
] as const;
const CASES = PLUGINS.flatMap(({ plugin, language }) =>
  WAYS.flatMap((way) => MOMENTS.map((moment) => ({ ...moment, plugin, language, way }))),
);

describe("A plugin that fails", () => {
  test.concurrent.each(CASES)("by a $way at $moment, in $language, hurts nobody else", async (one) => {
    const { moment, way, plugin, meet } = one;
    const id = await bench.load(plugin, `faults/${way}-${moment}-${plugin}`, {
      "moment.json": { moment, way },
    });
    const startedAt = performance.now();
    expect(await meet(id)).toEqual(one[way]);
    expect(performance.now() - startedAt).toBeLessThan(BEARABLE_MS);
    await bench.assertOthersServed();
    // And the next guest is as good as any.
    expect(await call(id, "call", "again")).toBe("again");
    await bench.host.unload(id);
    expect(bench.host.plugins().some((loaded) => loaded.id === id)).toBe(false);
  });
});
