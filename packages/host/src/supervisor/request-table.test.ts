import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestTable } from "./request-table.js";

describe("RequestTable", () => {
  it("gives what it keeps exactly once", () => {
    const table = new RequestTable<string>();
    const id = table.add("a");
    expect([table.get(id), table.take(id), table.take(id), table.get(id)]).toEqual([
      "a",
      "a",
      undefined,
      undefined,
    ]);
  });

  it("gives an id again only after thousands of others, and until then an old id finds nothing", () => {
    const table = new RequestTable<number>();
    const ids = Array.from({ length: 1_000 }, (_, index) => {
      const id = table.add(index);
      table.take(id);
      return id;
    });
    table.add(1_000);
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.filter((id) => table.get(id) !== undefined)).toEqual([]);
    for (const id of ids) expect(Number.isSafeInteger(id) && id > 0).toBe(true);
  });

  it.each([0, -1, 1, 0.5, 2 ** 20, 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY])(
    "finds nothing under %d",
    (id) => {
      const table = new RequestTable<string>();
      table.take(table.add("gone"));
      table.add("a");
      table.add("b");
      // Ids that it did give are the only ones that count.
      if (id !== 2 ** 20) expect(table.take(id)).toBeUndefined();
      expect(table.take(2 ** 20)).toBeUndefined();
    },
  );

  it("behaves as a Map does", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), pick: fc.nat(1_000) }),
      fc.record({ kind: fc.constant("take" as const), pick: fc.nat(1_000) }),
      fc.record({ kind: fc.constant("clear" as const), pick: fc.nat(1) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const table = new RequestTable<number>();
        const map = new Map<number, number>();
        const given: number[] = [];
        for (const { kind, pick } of steps) {
          if (kind === "add") {
            const id = table.add(pick);
            given.push(id);
            map.set(id, pick);
          } else if (kind === "take") {
            const id = given[pick % Math.max(1, given.length)] ?? 1;
            expect(table.take(id)).toBe(map.get(id));
            map.delete(id);
          } else {
            expect([...table.clear()].sort()).toEqual([...map.values()].sort());
            map.clear();
          }
          expect(table.size).toBe(map.size);
        }
      }),
    );
  });
});
