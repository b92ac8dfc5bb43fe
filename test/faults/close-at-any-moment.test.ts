import { expect, test } from "vitest";
import { codeOf, OPERATOR, openFaultBench } from "./fault-bench.js";

/** After everything has begun: guests start, serve, stream, stand still, end and are exchanged by then. */
const MOMENTS_MS = [0, 30, 120, 350] as const;
const TENANTS = ["a", "b", "c", "d"] as const;

test.each(MOMENTS_MS)(
  "A host that is closed %d ms after it got all it does settles every call and leaves nothing",
  async (ms) => {
    const bench = await openFaultBench({ defaults: { instances: { standby: 1, max: 2 } } });
    const { host } = bench;
    const id = await bench.load("fails-at", "faults/closed", { "moment.json": {} });
    const still = await bench.load("fails-at", "faults/still", { "moment.json": {} });
    await host.call(still, "call");
    const endless = () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) });
    // Read so slowly that it never ends: that is not ours to settle.
    void host.call(id, "write").then(readOnce, () => undefined);
    const works = [
      ...TENANTS.map((tenant) => host.call(id, "slow", 60_000, { tenant })),
      ...TENANTS.map((tenant) => host.call(id, "request", 1, { tenant })),
      host.call(id, "read", endless()),
      host.batch(id, "slow", [10_000, 10_000, 10_000]),
      host.call(still, "slow", 60_000),
      host.admin.suspend(OPERATOR, still),
      host.load(`${bench.directory}/faults-closed`),
      host.admin.restart(OPERATOR, id),
      host.start(id, "late"),
    ];
    const codes = works.map((work) => codeOf(work));
    await new Promise((resolve) => setTimeout(resolve, ms));
    const startedAt = performance.now();
    await bench.close();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(await Promise.all(codes)).toHaveLength(works.length);
    expect(await codeOf(host.call(id, "call"))).toBe("HOST_CLOSED");
  },
);

async function readOnce(items: unknown): Promise<void> {
  // Safe: the action answers with a stream of items. The loop is never left.
  for await (const _ of items as AsyncIterable<unknown>) await new Promise(() => undefined);
}
