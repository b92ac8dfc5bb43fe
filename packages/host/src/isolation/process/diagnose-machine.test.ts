import { MECHANISM_NAMES } from "@paddock/contract";
import { expect, test } from "vitest";
import { diagnoseMachine } from "./diagnose-machine.js";

test("diagnoseMachine() tells about every mechanism once, and leaves no control group", async () => {
  const { bubblewrap, mechanisms, limits } = await diagnoseMachine();
  expect(mechanisms.map(({ name }) => name).toSorted()).toEqual(MECHANISM_NAMES.toSorted());
  expect(mechanisms.filter(({ present, fix }) => present !== (fix === undefined))).toEqual([]);
  expect(bubblewrap).toMatch(/^\d+\.\d+\.\d+ \(\//);
  expect(limits.length).toBeGreaterThan(10);
});
