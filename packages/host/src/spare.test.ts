import { describe, expect, it } from "vitest";
import { Spare } from "./spare.js";

function createSpare() {
  const made: number[] = [];
  const removed: number[] = [];
  const failures: Error[] = [];
  const spare = new Spare(
    async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      made.push(made.length + 1);
      return made.length;
    },
    async (one) => void removed.push(one),
  );
  return { spare, made, removed, failures };
}

describe("Spare", () => {
  it("makes nothing before the first is needed, and then one ahead", async () => {
    const { spare, made } = createSpare();
    expect(made).toEqual([]);
    expect(await spare.take()).toBe(1);
    expect(made).toEqual([1, 2]);
    expect(await spare.take()).toBe(2);
  });

  it("gives each to one taker only", async () => {
    const { spare } = createSpare();
    const taken = await Promise.all(Array.from({ length: 10 }, () => spare.take()));
    expect(new Set(taken).size).toBe(10);
  });

  it("makes another when the one ahead could not be made, and tells when that fails too", async () => {
    const { spare, failures } = createSpare();
    failures.push(new Error("no room"));
    spare.prepare();
    await expect(spare.take()).resolves.toEqual(expect.any(Number));
    const { spare: other, failures: others } = createSpare();
    others.push(new Error("first"), new Error("second"), new Error("third"));
    other.prepare();
    await expect(other.take()).rejects.toThrow("third");
  });

  it("removes the one that nobody took, once, and makes no more ahead", async () => {
    const { spare, removed, made } = createSpare();
    await spare.take();
    await spare.close();
    await spare.close();
    expect(removed).toEqual([2]);
    expect(await spare.take()).toBe(3);
    await spare.close();
    expect(made).toEqual([1, 2, 3]);
    expect(removed).toEqual([2]);
  });
});
