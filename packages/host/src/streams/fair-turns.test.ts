import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairTurns } from "./fair-turns.js";

/** Everybody takes a place at once and gives it back a moment later; the order in which they had it. */
async function order(turns: FairTurns, owners: readonly string[]): Promise<readonly string[]> {
  const had: string[] = [];
  await Promise.all(
    owners.map(async (owner) => {
      await turns.take(owner);
      had.push(owner);
      await new Promise((resolve) => setImmediate(resolve));
      turns.give(owner);
    }),
  );
  return had;
}

describe("FairTurns", () => {
  it("lets nobody wait behind all that one owner wants", async () => {
    const had = await order(new FairTurns(2, 1), ["a", "a", "a", "a", "b", "b", "c"]);
    expect(had.slice(0, 3).toSorted()).toEqual(["a", "b", "c"]);
  });

  it("gives an owner no more than its part, though places are free", async () => {
    const turns = new FairTurns(2, 1);
    await turns.take("a");
    let isSecond = false;
    const second = turns.take("a").then(() => {
      isSecond = true;
    });
    await turns.take("b");
    expect(isSecond).toBe(false);
    turns.give("a");
    await second;
  });

  it("serves everybody, whoever asks", async () => {
    const owners = fc.array(fc.constantFrom("a", "b", "c", "constructor"), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(owners, fc.integer({ min: 1, max: 4 }), async (all, places) => {
        const had = await order(new FairTurns(places, 2), all);
        expect(had.toSorted()).toEqual(all.toSorted());
      }),
    );
  });
});
