import { expect, it } from "vitest";
import { Pauses } from "./pauses.js";

it("Pauses tell how much of a time was stood still", () => {
  const pauses = new Pauses();
  expect(pauses.between(0, 100)).toBe(0);
  pauses.begin(10);
  expect([pauses.isPaused, pauses.between(0, 30)]).toEqual([true, 20]);
  pauses.end(40);
  pauses.begin(60);
  pauses.end(70);
  expect(pauses.isPaused).toBe(false);
  expect(pauses.between(0, 100)).toBe(40);
  expect(pauses.between(20, 65)).toBe(25);
  expect(pauses.between(80, 100)).toBe(0);
  pauses.forget();
  expect(pauses.between(0, 100)).toBe(0);
});

it("Pauses that begin twice begin once", () => {
  const pauses = new Pauses();
  pauses.begin(10);
  pauses.begin(20);
  pauses.end(30);
  pauses.end(90);
  expect(pauses.between(0, 100)).toBe(20);
});
