import { LIMIT_NAMES } from "@paddock/contract";
import { expect, test } from "vitest";
import { enforcementOf, PRIVILEGES } from "./enforcement.js";

const byLimit = (means: Parameters<typeof enforcementOf>[0]) =>
  Object.fromEntries(enforcementOf(means).map(({ limit, by }) => [limit, by]));

test("enforcementOf() names every limit once", () => {
  expect(enforcementOf(PRIVILEGES.root).map(({ limit }) => limit)).toEqual(LIMIT_NAMES);
});

test("for root no limit is left to sampling", () => {
  expect(Object.values(byLimit(PRIVILEGES.root)).every((by) => by === "kernel" || by === "host")).toBe(true);
});

test.each([
  ["a delegated user", PRIVILEGES["delegated user"], { cpu: "kernel", disk: "sampling", inodes: "sampling" }],
  [
    "a plain user",
    PRIVILEGES["plain user"],
    { memory: "sampling", cpu: "sampling", disk: "sampling", inodes: "sampling" },
  ],
  [
    "groups without a cpu controller",
    { controllers: new Set(["memory", "pids"] as const), hasVolumes: false },
    { cpu: "sampling", memory: "kernel" },
  ],
])("enforcementOf() for %s differs from root where it should", (_, means, expected) => {
  expect(byLimit(means)).toMatchObject(expected);
});
