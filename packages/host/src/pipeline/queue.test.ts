import { PaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { makeLoadedPlugin } from "../../../../test/plugins/host-behaviours/loaded-plugin.js";
import type { EncodedPayload } from "./encode-payload.js";
import type { PipelineCall } from "./pipeline.js";
import { CallQueue, MAX_QUEUED_BYTES } from "./queue.js";

/** A queue before guests that have room when the test says so. */
function make(size: number) {
  const plugin = makeLoadedPlugin({ resize: {} }, { queue: { size } });
  const room = { calls: 0 };
  const queue = new CallQueue(plugin, () => room.calls > 0);
  const order: string[] = [];
  const run = queue.stage(async ({ tenant, caller }) => {
    room.calls--;
    order.push(`${tenant}/${caller ?? ""}`);
    return `${tenant}/${caller ?? ""}`;
  });
  const call = (tenant: string, caller = "x", more: Partial<PipelineCall> = {}) => {
    const given = {
      plugin,
      action: plugin.actions.get("resize"),
      encoded: holding(4),
      tenant,
      caller,
      chain: [],
      shareKey: "",
      timeoutMs: 5_000,
      startedAt: performance.now(),
      ...more,
    };
    // Safe: a queue looks at nothing else of a call.
    const answer = run(given as unknown as PipelineCall);
    return answer.catch((error: unknown) => (error instanceof PaddockError ? error.code : error));
  };
  const give = (calls: number, shareKey = "") => {
    room.calls += calls;
    queue.onRoom(shareKey);
  };
  return { queue, call, give, order, room };
}

function holding(heldBytes: number): EncodedPayload {
  return { json: "null", attachments: undefined, heldBytes, isReplayable: true };
}

const closed = new PaddockError("HOST_CLOSED", "closed");

describe("CallQueue", () => {
  it("lets a call go straight on while there is room and nobody waits", async () => {
    const { queue, call, room } = make(4);
    room.calls = 1;
    const first = call("a");
    expect(queue.size).toBe(0);
    expect(await first).toBe("a/x");
  });

  it("lets nobody overtake those who wait", async () => {
    const { call, give, order, room } = make(4);
    const first = call("a");
    room.calls = 2;
    const second = call("b");
    give(0);
    await Promise.all([first, second]);
    expect(order).toEqual(["a/x", "b/x"]);
  });

  it("keeps calls apart that use different guests", async () => {
    const { queue, call, give } = make(4);
    const one = call("a", "x", { shareKey: "a" });
    const other = call("b", "x", { shareKey: "b" });
    give(1, "b");
    expect(await other).toBe("b/x");
    expect(queue.size).toBe(1);
    give(1, "a");
    expect(await one).toBe("a/x");
  });

  it("takes the newest from whoever waits most when somebody else comes", async () => {
    const { queue, call, give, order } = make(4);
    const greedy = Array.from({ length: 4 }, () => call("greedy"));
    const modest = call("modest");
    expect(await greedy[3]).toBe("OVERLOADED");
    expect(await call("greedy")).toBe("OVERLOADED");
    expect(queue.size).toBe(4);
    give(4);
    expect(await modest).toBe("modest/x");
    await Promise.all(greedy);
    expect(order).toEqual(["greedy/x", "modest/x", "greedy/x", "greedy/x"]);
  });

  it("counts what payloads hold, and not only how many there are", async () => {
    const { queue, call } = make(1_000);
    const encoded = holding(MAX_QUEUED_BYTES / 4);
    const heavy = Array.from({ length: 4 }, () => call("heavy", "x", { encoded }));
    expect(await call("heavy", "x", { encoded })).toBe("OVERLOADED");
    const light = call("light", "x", { encoded: holding(100) });
    expect(await heavy[3]).toBe("OVERLOADED");
    queue.close(closed);
    expect(await light).toBe("HOST_CLOSED");
    await Promise.all(heavy);
  });

  it("holds nobody where it has no room at all", async () => {
    expect(await make(0).call("a")).toBe("OVERLOADED");
  });

  it("takes out whoever gives up or has no more time, and goes on with the rest", async () => {
    const { queue, call, give } = make(8);
    const controller = new AbortController();
    const late = call("a", "x", { timeoutMs: 5 });
    const cancelled = call("a", "y", { signal: controller.signal });
    const patient = call("a", "z");
    controller.abort();
    expect(await cancelled).toBe("CANCELLED");
    expect(await late).toBe("TIMEOUT");
    expect(queue.size).toBe(1);
    give(1);
    expect(await patient).toBe("a/z");
    await queue.drained();
  });

  it("says when it is empty, and refuses everybody when it closes", async () => {
    const { queue, call } = make(8);
    const waiting = [call("a"), call("b", "x", { shareKey: "b" })];
    const drained = queue.drained();
    queue.close(closed);
    expect(await Promise.all(waiting)).toEqual(["HOST_CLOSED", "HOST_CLOSED"]);
    await drained;
  });
});
