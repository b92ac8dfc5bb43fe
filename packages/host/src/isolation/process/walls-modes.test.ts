import { isPaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { PLAN, SEEN } from "../../../../../test/plugins/host-behaviours/planned-launch.js";
import type { StdioMode } from "../isolation.js";
import type { LaunchPlan } from "./launch-plan.js";
import type { Seen } from "./seen.js";
import { checkPosture, stubInstructions } from "./walls.js";

const planFor = (stdio: StdioMode): LaunchPlan => ({ ...PLAN, spec: { ...PLAN.spec, stdio } });
const limitOf = (tasks: number) => new Map(SEEN.limits).set("processes", { soft: tasks, hard: tasks });
const sockets = (count: number) =>
  new Map(Array.from({ length: count }, (_, number) => [number, `socket:[${number}]`] as const));

/** What stands when each kind of streams was asked for. */
const WIRE: Seen = { ...SEEN, descriptors: sockets(4), closingDescriptors: new Set([3]) };
const RAW: Seen = {
  ...WIRE,
  limits: limitOf(20),
  status: new Map(SEEN.status).set("NSpid", "4711 2"),
};
const INIT: Seen = {
  ...RAW,
  role: "init",
  descriptors: new Map(),
  closingDescriptors: new Set(),
  status: new Map(SEEN.status).set("NSpid", "4710 1"),
};

function differenceOf(plan: LaunchPlan, seen: Seen): unknown {
  try {
    checkPosture(plan, seen);
    return undefined;
  } catch (error) {
    return isPaddockError(error, "SETUP_FAILED") ? error.data.wall : error;
  }
}

describe("checkPosture() of each kind of streams", () => {
  it.each<[string, StdioMode, Seen]>([
    ["a guest on the wire", "wire", WIRE],
    ["a program whose streams are its caller's", "raw", RAW],
    ["the process before it", "raw", INIT],
  ])("accepts %s as it was asked", (_, stdio, seen) => {
    expect(differenceOf(planFor(stdio), seen)).toBeUndefined();
  });

  it.each<[string, StdioMode, Seen, string]>([
    ["a gate that the program would keep", "wire", { ...WIRE, closingDescriptors: new Set() }, "descriptors"],
    ["a gate that a program would keep", "raw", { ...RAW, closingDescriptors: new Set() }, "descriptors"],
    ["a stream that would be closed", "raw", { ...RAW, closingDescriptors: new Set([2, 3]) }, "descriptors"],
    ["a data channel", "wire", { ...WIRE, descriptors: sockets(5) }, "descriptors"],
    [
      "a terminal",
      "raw",
      { ...RAW, descriptors: new Map(RAW.descriptors).set(0, "/dev/pts/0") },
      "descriptors",
    ],
    ["a first process that holds something", "raw", { ...INIT, descriptors: sockets(1) }, "descriptors"],
    ["a program that is the first process", "raw", { ...RAW, status: SEEN.status }, "pid-namespace"],
    [
      "a first process without the filter",
      "raw",
      { ...INIT, status: new Map(INIT.status).set("Seccomp", "0") },
      "seccomp",
    ],
    [
      "a first process with a capability",
      "raw",
      { ...INIT, status: new Map(INIT.status).set("CapEff", "0000000000200000") },
      "no-capabilities",
    ],
  ])("names the wall for %s", (_, stdio, seen, wall) => {
    expect(differenceOf(planFor(stdio), seen)).toBe(wall);
  });

  it("has the first process made before the filter, which may forbid it, and after everything else", () => {
    const kinds = stubInstructions(planFor("raw")).map(([, { kind }]) => kind);
    expect(kinds.slice(kinds.indexOf("dropCapabilities"))).toEqual([
      ...[
        "dropCapabilities",
        "closeFrom",
        "closeAtExecute",
        "forkInit",
        "seccomp",
        "ready",
        "chdir",
        "execute",
      ],
    ]);
  });
});
