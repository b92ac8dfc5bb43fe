import { expect, it } from "vitest";
import { Turns } from "./turns.js";

it("Turns do what is about the same thing one after the other, whether it succeeds or not", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = turns.run("a", async () => {
    order.push("one begins");
    await first.promise;
    order.push("one ends");
    throw new Error("failed");
  });
  const two = turns.run("a", async () => order.push("two"));
  const other = turns.run("b", async () => order.push("other"));
  await other;
  expect(order).toEqual(["one begins", "other"]);
  first.resolve();
  await expect(one).rejects.toThrow("failed");
  await two;
  expect(order).toEqual(["one begins", "other", "one ends", "two"]);
});

it("Turns begin at once when there is nothing to wait for, also after earlier work", async () => {
  const turns = new Turns();
  await turns.run("a", async () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  let hasBegun = false;
  void turns.run("a", async () => {
    hasBegun = true;
  });
  expect(hasBegun).toBe(true);
});
