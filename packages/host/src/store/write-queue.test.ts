import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_BATCH_WRITES,
  MAX_QUEUED_CHARACTERS,
  MAX_QUEUED_WRITES,
  MAX_QUEUED_WRITES_PER_OWNER,
  type QueuedWrite,
  WriteQueue,
} from "./write-queue.js";

function queued(text: string): QueuedWrite {
  return { write: [{ sql: "", values: [text, 1] }], resolve: () => {}, reject: () => {} };
}

function textOf({ write }: QueuedWrite): unknown {
  return write[0]?.values[0];
}

describe("a queue of writes", () => {
  test("lets owners take turns and keeps the order of each", () => {
    const queue = new WriteQueue();
    for (const text of ["a1", "a2", "a3", "b1", "b2", "c1"]) queue.add(text.charAt(0), queued(text));
    expect(queue.take().map(textOf)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
    expect(queue.isEmpty).toBe(true);
    expect(queue.take()).toEqual([]);
  });

  test("gives out a batch at a time", () => {
    const queue = new WriteQueue();
    const owners = Math.ceil((MAX_BATCH_WRITES + 1) / 100);
    for (let at = 0; at < owners * 100; at++) queue.add(String(at % owners), queued(String(at)));
    expect(queue.take()).toHaveLength(MAX_BATCH_WRITES);
    expect(queue.take()).toHaveLength(owners * 100 - MAX_BATCH_WRITES);
  });

  test.each<[string, number, (at: number) => readonly [owner: string, text: string]]>([
    ["one owner", MAX_QUEUED_WRITES_PER_OWNER, () => ["a", "x"]],
    ["all together", MAX_QUEUED_WRITES, (at) => [String(at % 100), "x"]],
    ["all texts", 8, (at) => [String(at), "x".repeat(MAX_QUEUED_CHARACTERS / 8)]],
  ])("is bounded for %s", (_, most, make) => {
    const queue = new WriteQueue();
    for (let at = 0; at < most; at++) {
      const [owner, text] = make(at);
      queue.add(owner, queued(text));
    }
    const [owner, text] = make(0);
    expect(() => queue.add(owner, queued(text))).toThrow("too many writes are waiting");
    queue.take();
    queue.add(owner, queued(text));
  });

  test("gives out everything once, each owner's in order, whatever comes in between", () => {
    const step = fc.oneof(fc.constantFrom("a", "b", "c"), fc.constant("take"));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const queue = new WriteQueue();
        const added: string[] = [];
        const taken: unknown[] = [];
        for (const [at, what] of steps.entries()) {
          if (what === "take") taken.push(...queue.take().map(textOf));
          else {
            added.push(`${what}${at}`);
            queue.add(what, queued(`${what}${at}`));
          }
        }
        taken.push(...queue.take().map(textOf));
        for (const owner of ["a", "b", "c"]) {
          const own = (text: unknown) => String(text).startsWith(owner);
          expect(taken.filter(own)).toEqual(added.filter(own));
        }
      }),
    );
  });
});
