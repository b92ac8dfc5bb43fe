import { PaddockError, type Parameters } from "@paddock/contract";
import { afterEach, describe, expect, test } from "vitest";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import { type EventGuest, type EventOrigin, MAX_QUEUED_EVENTS } from "./event-queue.js";
import { createEventBus, type EventBus, MAX_EVENT_BYTES } from "./events.js";
import type { ProviderRequest } from "./provider.js";

/** A running guest that keeps what it gets, and answers when it is told to. */
class Guest implements EventGuest {
  isReady = true;
  readonly got: { topic: string; payload: unknown; from?: string; tenant?: string }[] = [];
  readonly origins: EventOrigin[] = [];
  answer: () => Promise<unknown> = async () => ({});

  readonly calls = {
    deliver: (params: string, origin: EventOrigin) => {
      this.got.push(JSON.parse(params));
      this.origins.push(origin);
      return this.answer();
    },
  };
}

function plugin(id: string, topics: readonly string[], share = "tenant"): LoadedPlugin {
  const permissions: Record<string, Parameters> =
    topics.length === 0 ? {} : { "events.subscribe": { topics } };
  // Safe: all that the bus looks at.
  return { manifest: { id }, permissions, settings: { share } } as unknown as LoadedPlugin;
}

let bus: EventBus;
afterEach(() => bus.provider.close());

function open(guests: ReadonlyMap<LoadedPlugin, Readonly<Record<string, readonly Guest[]>>>) {
  const changes: LifecycleChange[] = [];
  bus = createEventBus({
    plugins: () => guests.keys(),
    guests: (one, tenant) => guests.get(one)?.[tenant] ?? [],
    onChange: (_, change) => changes.push(change),
  });
  return changes;
}

/** What the broker hands over when a guest publishes. */
const from = (id: string, live: ProviderRequest["live"] = { tenant: "main" }): ProviderRequest => ({
  plugin: { id, version: "1.0.0", digest: "sha256:00" },
  permissions: {},
  tenant: live?.tenant ?? "main",
  call: 1,
  live,
  allowed: {},
  signal: undefined,
});

const publish = (params: object, request: ProviderRequest) =>
  bus.provider.methods["events.publish"]?.run(params, request);

describe("an event of the application", () => {
  test("reaches guests of its tenant that subscribe to its topic, and no others", async () => {
    const [exact, below, other, elsewhere] = [new Guest(), new Guest(), new Guest(), new Guest()];
    open(
      new Map([
        [plugin("acme/a", ["orders.paid"]), { main: [exact], "shop-7": [elsewhere] }],
        [plugin("acme/b", ["orders.*"]), { main: [below] }],
        [plugin("acme/c", ["stock", "orders"]), { main: [other] }],
        [plugin("acme/d", []), { main: [other] }],
      ]),
    );
    bus.publish("orders.paid", { id: 1 }, "main");
    expect(exact.got).toEqual([{ topic: "orders.paid", payload: { id: 1 } }]);
    expect(below.got).toHaveLength(1);
    expect([...other.got, ...elsewhere.got]).toEqual([]);
  });

  test("is handled by one guest of a tenant, the next when the first goes", async () => {
    const [first, second] = [new Guest(), new Guest()];
    open(new Map([[plugin("acme/a", ["a"]), { main: [first, second] }]]));
    bus.publish("a", 1, "main");
    first.isReady = false;
    bus.publish("a", 2, "main");
    expect([first.got.length, second.got.length]).toEqual([1, 1]);
  });

  test("tells a guest of all tenants whose it is", () => {
    const guest = new Guest();
    open(new Map([[plugin("acme/a", ["a"], "plugin"), { "shop-7": [guest] }]]));
    bus.publish("a", undefined, "shop-7");
    expect(guest.got).toEqual([{ topic: "a", payload: null, tenant: "shop-7" }]);
    expect(guest.origins).toMatchObject([{ tenant: "shop-7", chain: [] }]);
  });

  test.each<[string, unknown, unknown, string]>([
    ["a topic that is a pattern", "orders.*", 1, "USAGE_INVALID"],
    ["a topic in capitals", "Orders", 1, "USAGE_INVALID"],
    ["no topic", undefined, 1, "USAGE_INVALID"],
    [
      "a cycle",
      "a",
      (() => {
        const a: { a?: unknown } = {};
        a.a = a;
        return a;
      })(),
      "USAGE_INVALID",
    ],
    ["too much", "a", "é".repeat(MAX_EVENT_BYTES / 2), "PAYLOAD_TOO_LARGE"],
  ])("is refused with %s", (_, topic, payload, code) => {
    open(new Map());
    expect(() => bus.publish(topic, payload, "main")).toThrow(expect.objectContaining({ code }));
  });
});

describe("an event of a plugin", () => {
  test("reaches the application and other plugins of its tenant, never itself", async () => {
    const [own, other] = [new Guest(), new Guest()];
    open(
      new Map([
        [plugin("acme/a", ["a"]), { main: [own] }],
        [plugin("acme/b", ["a"]), { main: [other] }],
      ]),
    );
    const [all, ofOther] = [
      bus.subscribers.subscribe("a"),
      bus.subscribers.subscribe("a", undefined, { tenant: "shop-7" }),
    ];
    await publish({ topic: "a", payload: [1] }, from("acme/a"));
    expect(own.got).toEqual([]);
    expect(other.got).toEqual([{ topic: "a", payload: [1], from: "acme/a" }]);
    expect(other.origins[0]?.chain.map(({ id }) => id)).toEqual(["acme/a"]);
    expect((await all.next()).value).toEqual({
      kind: "event",
      topic: "a",
      payload: [1],
      tenant: "main",
      from: "acme/a",
    });
    await bus.provider.close();
    expect(await ofOther.next()).toEqual({ done: true, value: undefined });
  });

  test("cannot go round in a circle for ever", async () => {
    const circle: Guest[] = [new Guest(), new Guest()];
    open(
      new Map([
        [plugin("acme/a", ["b"]), { main: [circle[0] as Guest] }],
        [plugin("acme/b", ["a"]), { main: [circle[1] as Guest] }],
      ]),
    );
    let refused: unknown;
    for (const [at, guest] of circle.entries()) {
      const [id, topic] = at === 0 ? ["acme/a", "a"] : ["acme/b", "b"];
      guest.answer = async () => {
        const live = { tenant: "main", chain: guest.origins.at(-1)?.chain };
        await publish({ topic, payload: 1 }, from(id, live))?.catch((error: unknown) => {
          refused = error;
        });
      };
    }
    await publish({ topic: "a", payload: 1 }, from("acme/a"));
    await expect.poll(() => refused).toMatchObject({ code: "CALL_TOO_DEEP" });
    expect((circle[0]?.got.length ?? 0) + (circle[1]?.got.length ?? 0)).toBe(8);
  });
});

describe("a guest that is slow", () => {
  test("gets events one at a time, in order, and loses what its queue cannot hold", async () => {
    const guest = new Guest();
    const changes = open(new Map([[plugin("acme/a", ["a"]), { main: [guest] }]]));
    let release = () => {};
    guest.answer = () => new Promise<void>((resolve) => (release = resolve));
    for (let at = 0; at < MAX_QUEUED_EVENTS + 3; at++) bus.publish("a", at, "main");
    expect(guest.got).toHaveLength(1);
    expect(changes).toEqual([{ kind: "events-dropped", tenant: "main", count: 1 }]);
    guest.answer = async () => ({});
    release();
    await expect.poll(() => guest.got.length).toBe(MAX_QUEUED_EVENTS + 1);
    expect(guest.got.map(({ payload }) => payload)).toEqual([...guest.got.keys()]);
    await expect.poll(() => changes.length, { timeout: 3_000 }).toBe(2);
    expect(changes[1]).toEqual({ kind: "events-dropped", tenant: "main", count: 1 });
  });

  test("or whose handler fails is reported, and goes on", async () => {
    const guest = new Guest();
    const changes = open(new Map([[plugin("acme/a", ["a"]), { main: [guest] }]]));
    guest.answer = () => Promise.reject(new PaddockError("PLUGIN_BUG", "Error: no"));
    bus.publish("a", 1, "main");
    bus.publish("a", 2, "main");
    await expect.poll(() => guest.got.length).toBe(2);
    expect(changes).toEqual([
      {
        kind: "event-failed",
        tenant: "main",
        count: 1,
        topic: "a",
        failure: { code: "PLUGIN_BUG", message: "Error: no", fault: "plugin" },
      },
    ]);
  });
});

describe("the application's subscription", () => {
  test.each([["Orders"], [[]], [[1]], ["a.*.b"], [undefined], [Array(65).fill("a")]])(
    "refuses %j",
    (topics) => {
      open(new Map());
      expect(() => bus.subscribers.subscribe(topics)).toThrow(
        expect.objectContaining({ code: "USAGE_INVALID" }),
      );
    },
  );

  test("tells a listener one event at a time, until it is ended", async () => {
    open(new Map());
    const heard: unknown[] = [];
    const subscription = bus.subscribers.subscribe("a", async ({ payload }) => {
      heard.push(payload);
      await Promise.resolve();
      heard.push("done");
    });
    bus.publish("a", 1, "main");
    bus.publish("a", 2, "main");
    await expect.poll(() => heard).toEqual([1, "done", 2, "done"]);
    await subscription.return?.();
    bus.publish("a", 3, "main");
    expect(heard).toHaveLength(4);
  });

  test("gets a payload of its own", async () => {
    open(new Map());
    const [one, other] = [bus.subscribers.subscribe(["a.*"]), bus.subscribers.subscribe("a.b")];
    const payload = { list: [1] };
    bus.publish("a.b", payload, "main");
    const got = (await one.next()).value;
    payload.list.push(2);
    if (got?.kind === "event") (got.payload as typeof payload).list.push(3);
    expect((await other.next()).value).toMatchObject({ payload: { list: [1] } });
  });
});
