import { LIMIT_NAMES } from "@paddock/contract";
import { expect, test } from "vitest";
import { enforcementOf, enforcementTable, PRIVILEGES } from "./enforcement.js";

const byLimit = (means: Parameters<typeof enforcementOf>[0]) =>
  Object.fromEntries(enforcementOf(means).map(({ limit, by }) => [limit, by]));

test("enforcementOf() names every limit once", () => {
  expect(enforcementOf(PRIVILEGES.root).map(({ limit }) => limit)).toEqual(LIMIT_NAMES);
});

test("for root no limit is left to sampling or to nobody", () => {
  expect(Object.values(byLimit(PRIVILEGES.root)).every((by) => by === "kernel" || by === "host")).toBe(true);
});

test.each([
  ["a delegated user", PRIVILEGES["delegated user"], { cpu: "kernel", disk: "sampling", inodes: "sampling" }],
  ["a plain user", PRIVILEGES["plain user"], { cpu: "sampling", disk: "sampling", inodes: "sampling" }],
  [
    "groups without a cpu controller",
    { controllers: new Set(["memory", "pids"] as const), hasVolumes: false },
    { cpu: "nobody", memory: "kernel" },
  ],
])("enforcementOf() for %s differs from root where it should", (_, means, expected) => {
  expect(byLimit(means)).toMatchObject(expected);
});

test("a plain user's memory is held by the kernel too, but not to the byte", () => {
  const row = enforcementTable()["plain user"].find(({ limit }) => limit === "memory");
  expect(row).toMatchObject({ by: "kernel", isExact: false });
});
