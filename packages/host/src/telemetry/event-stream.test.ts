import { describe, expect, test } from "vitest";
import { MAX_BUFFERED_ITEMS } from "../bounded-reader.js";
import { EventStream, MAX_EVENT_READERS } from "./event-stream.js";
import type { LifecycleEvent } from "./lifecycle-event.js";

const released = (plugin = "acme/a", at = 1): LifecycleEvent => ({
  kind: "released",
  at,
  plugin,
  version: "1.0.0",
});

describe("an event stream", () => {
  test("gives every reader what it wants, from when it began to read", async () => {
    const stream = new EventStream();
    stream.publish(released("acme/a", 0));
    const all = stream.read();
    const ofOne = stream.read({ plugin: "acme/b" });
    const ofKind = stream.read({ kinds: ["reloaded"] });
    stream.publish(released("acme/a"));
    stream.publish(released("acme/b"));
    stream.publish({ kind: "reloaded", at: 2, plugin: "acme/a", version: "2.0.0", fromVersion: "1.0.0" });
    stream.close();
    expect(await readAll(all)).toHaveLength(3);
    expect(await readAll(ofOne)).toEqual([released("acme/b")]);
    expect(await readAll(ofKind)).toMatchObject([{ kind: "reloaded" }]);
  });

  test("wakes readers in the order they asked", async () => {
    const stream = new EventStream();
    const reader = stream.read();
    const both = Promise.all([reader.next(), reader.next()]);
    stream.publish(released("acme/a", 1));
    stream.publish(released("acme/a", 2));
    expect(await both).toMatchObject([{ value: { at: 1 } }, { value: { at: 2 } }]);
    const last = reader.next();
    stream.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  test("keeps the newest for a reader that is slow, and says how many it missed", async () => {
    const stream = new EventStream();
    const reader = stream.read();
    for (let at = 0; at < MAX_BUFFERED_ITEMS + 5; at++) stream.publish(released("acme/a", at));
    expect((await reader.next()).value).toEqual({ kind: "missed", count: 5 });
    expect((await reader.next()).value).toMatchObject({ at: 5 });
  });

  test("forgets a reader that leaves its loop", async () => {
    const stream = new EventStream();
    for (let round = 0; round < MAX_EVENT_READERS * 2; round++) {
      const reader = stream.read();
      stream.publish(released());
      for await (const event of reader) {
        expect(event).toMatchObject({ kind: "released" });
        break;
      }
      expect(await reader.next()).toMatchObject({ done: true });
    }
  });

  test("refuses more readers than there may be, and filters that are none", () => {
    const stream = new EventStream();
    for (let reader = 0; reader < MAX_EVENT_READERS; reader++) stream.read();
    expect(() => stream.read()).toThrow(/256 readers/);
    for (const filter of [null, 1, { plugin: 1 }, { kinds: "released" }, { kinds: [1] }]) {
      // Safe: what callers in JavaScript may give.
      expect(() => stream.read(filter as object)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
    }
  });

  test("ends at once for who begins to read after the close", async () => {
    const stream = new EventStream();
    stream.close();
    expect(await readAll(stream.read())).toEqual([]);
  });
});

async function readAll<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
