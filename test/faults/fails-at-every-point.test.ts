import type { HostOptions, LifecycleEvent } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type FaultBench, OPERATOR, openFaultBench } from "./fault-bench.js";

type LimitSettings = NonNullable<HostOptions["limits"]>;
const WAYS = ["crash", "hang"] as const;
type Way = (typeof WAYS)[number];

/** What hangs is ended then; what crashes is not to be ended sooner, however slow the machine is. */
const LIMITS: Readonly<Record<Way, LimitSettings>> = {
  crash: { startTimeout: "15s", timeout: "15s" },
  hang: { startTimeout: "4s", timeout: "2500ms" },
};
/** Nobody waits longer for what a failure breaks. */
const BEARABLE_MS = 12_000;

/** What a failure at a moment does to whoever is there, by the codes that they may get. */
interface Moment {
  readonly moment: string;
  readonly meet: (subject: Subject) => Promise<readonly string[]>;
  readonly crash: readonly string[];
  readonly hang: readonly string[];
}

/** A plugin that will fail, and where it is loaded. */
interface Subject {
  readonly bench: FaultBench;
  readonly id: string;
}

const call = ({ bench, id }: Subject, action = "call", payload: unknown = 1) =>
  bench.host.call(id, action, payload, { timeoutMs: 10_000 });

const endOf = (id: string) => (event: LifecycleEvent) => event.kind === "guest-ended" && event.plugin === id;

const START: Omit<Moment, "moment"> = {
  meet: async (subject) => [await codeOf(call(subject))],
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
    meet: async ({ bench, id }) => {
      // On a slow machine it has not been asked whether it is well by then, and never becomes ready.
      await codeOf(bench.host.start(id));
      await bench.until(
        (event) =>
          (event.kind === "guest-ended" || event.kind === "guest-start-failed") && event.plugin === id,
      );
      return [];
    },
    crash: [],
    hang: [],
  },
  { moment: "health", ...START },
  { moment: "call", meet: async (subject) => [await codeOf(call(subject))], ...GUEST_GOES },
  {
    moment: "between-calls",
    meet: async (subject) => {
      const { bench, id } = subject;
      const code = await codeOf(call(subject));
      await bench.until(endOf(id));
      return [code];
    },
    crash: ["answered"],
    hang: ["answered"],
  },
  {
    moment: "suspend",
    meet: async (subject) => {
      const { bench, id } = subject;
      await call(subject);
      await bench.host.admin.suspend(OPERATOR, id);
      const code = await codeOf(call(subject));
      await bench.host.admin.resume(OPERATOR, id);
      await bench.until(endOf(id));
      return [code];
    },
    crash: ["PLUGIN_SUSPENDED"],
    hang: ["PLUGIN_SUSPENDED"],
  },
  {
    moment: "resume",
    meet: async (subject) => {
      const { bench, id } = subject;
      await call(subject);
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
    meet: async (subject) => {
      const { bench, id } = subject;
      await call(subject);
      await bench.host.admin.restart(OPERATOR, id);
      await bench.until(endOf(id));
      return [];
    },
    crash: [],
    hang: [],
  },
  {
    moment: "event",
    meet: async (subject) => {
      const { bench, id } = subject;
      await call(subject);
      await bench.host.publish("fault.now");
      await bench.until(endOf(id));
      return [];
    },
    crash: [],
    hang: [],
  },
  {
    moment: "streaming",
    meet: async (subject) => [await codeOf(call(subject, "write").then(collect))],
    ...GUEST_GOES,
  },
  {
    moment: "reading",
    meet: async (subject) => {
      let isCancelled = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
        cancel: () => {
          isCancelled = true;
        },
      });
      const code = await codeOf(call(subject, "read", endless));
      expect(isCancelled).toBe(true);
      return [code];
    },
    ...GUEST_GOES,
  },
  { moment: "requesting", meet: async (subject) => [await codeOf(call(subject, "request"))], ...GUEST_GOES },
];

const PLUGINS = [
  { plugin: "fails-at", language: "TypeScript" },
  { plugin: "fails-at-python", language: "Python" },
] as const;
const CASES = PLUGINS.flatMap(({ plugin, language }) =>
  MOMENTS.map((moment) => ({ ...moment, plugin, language })),
);

describe.each(WAYS)("A plugin that fails by a %s", (way) => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await openFaultBench({
      limits: LIMITS[way],
      defaults: {
        // One failure each; the rest that comes after several is another test's subject.
        restart: { crashes: 1_000, window: "1s" },
        breaker: { failures: 1_000 },
        retry: { attempts: 1 },
        health: { interval: "300ms", timeout: "500ms", failures: 2 },
      },
    });
  });
  afterAll(async () => bench?.close());

  test.concurrent.each(CASES)("at $moment, in $language, hurts nobody else", async (one) => {
    const { moment, plugin, meet } = one;
    const name = `faults/${way}-${moment}-${plugin}`;
    const id = await bench.load(plugin, name, { "moment.json": { moment, way } });
    const startedAt = performance.now();
    expect(await meet({ bench, id })).toEqual(one[way]);
    expect(performance.now() - startedAt).toBeLessThan(BEARABLE_MS);
    await bench.assertOthersServed();
    // And the next guest is as good as any.
    expect(await call({ bench, id }, "call", "again")).toBe("again");
    await bench.host.unload(id);
    expect(bench.host.plugins().some((loaded) => loaded.id === id)).toBe(false);
  });
});
