import { isPaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { PLAN, SEEN } from "../../../../../test/plugins/host-behaviours/planned-launch.js";
import type { LaunchPlan } from "./launch-plan.js";
import type { Seen, SeenMount } from "./seen.js";
import { checkPosture, WALLS } from "./walls.js";

const status = (name: string, value: string | undefined): Partial<Seen> => {
  const map = new Map(SEEN.status);
  if (value === undefined) map.delete(name);
  else map.set(name, value);
  return { status: map };
};
const limit = (name: string, soft: number, hard: number): Partial<Seen> => ({
  limits: new Map(SEEN.limits).set(name, { soft, hard }),
});
const sameNamespace = (name: string): Partial<Seen> => ({
  namespaces: new Map(SEEN.namespaces).set(name, SEEN.ownNamespaces.get(name) ?? ""),
});
const mounts = (
  change: (mount: SeenMount) => SeenMount | undefined,
  ...more: SeenMount[]
): Partial<Seen> => ({
  mounts: [...SEEN.mounts.flatMap((mount) => change(mount) ?? []), ...more],
});
const flags = (target: string, text: string): Partial<Seen> =>
  mounts((mount) => (mount.target === target ? { ...mount, flags: new Set(text.split(",")) } : mount));
const options = (target: string, text: string): Partial<Seen> =>
  mounts((mount) => (mount.target === target ? { ...mount, superOptions: text.split(",") } : mount));
const without = (target: string): Partial<Seen> =>
  mounts((mount) => (mount.target === target ? undefined : mount));
const extra = (target: string, type = "ext4"): Partial<Seen> =>
  mounts((mount) => mount, { target, type, flags: new Set(["ro"]), superOptions: [] });
const descriptor = (number: number, link: string): Partial<Seen> => ({
  descriptors: new Map(SEEN.descriptors).set(number, link),
});

/** For each wall, what an attacker or a mistake could have made of it. */
const TAMPERED: Readonly<Record<string, readonly Partial<Seen>[]>> = {
  "control-group": [
    { cgroups: [] },
    { cgroups: SEEN.cgroups.slice(1) },
    { cgroups: SEEN.cgroups.map((line) => `${line}/below`) },
  ],
  "user-namespace": [
    sameNamespace("user"),
    { uidMap: "0 70001 1" },
    { uidMap: "1000 70001 2" },
    { uidMap: "0 0 4294967295" },
    { gidMap: "1000 0 1" },
    { gidMap: "" },
    status("Uid", "70001 0 70001 70001"),
    status("Uid", "0 0 0 0"),
    status("Gid", "70002 70002 70002 0"),
    status("Uid", undefined),
  ],
  "pid-namespace": [sameNamespace("pid"), status("NSpid", "4711"), status("NSpid", "4711 2")],
  "network-namespace": [sameNamespace("net")],
  "ipc-namespace": [sameNamespace("ipc")],
  "uts-namespace": [sameNamespace("uts")],
  "cgroup-namespace": [sameNamespace("cgroup")],
  session: [{ sessionId: process.pid }, status("NSsid", "0 2"), status("NSsid", undefined)],
  "root-file-system": [
    extra("/proc", "proc"),
    extra("/.launch-stub"),
    extra("/etc"),
    extra("/tmp/inner"),
    without("/plugin"),
    without("/dev/null"),
    flags("/", "rw,nosuid,nodev"),
    flags("/", "ro,nodev"),
    flags("/plugin", "rw,nosuid,nodev,noexec"),
    flags("/plugin", "ro,nosuid,nodev"),
    flags("/plugin", "ro,nosuid,noexec"),
    flags("/runtime/node", "rw,nosuid,nodev"),
    flags("/runtime/node", "ro,nodev"),
    flags("/dev/null", "rw"),
    // The later mount hides the good one.
    mounts((mount) => mount, { target: "/plugin", type: "ext4", flags: new Set(["rw"]), superOptions: [] }),
  ],
  scratch: [
    options("/tmp", "rw,nr_inodes=100"),
    options("/tmp", "rw,size=1088k"),
    options("/tmp", "rw,size=999999k,nr_inodes=100"),
    options("/tmp", "rw,size=1088k,nr_inodes=0"),
  ],
  grants: [
    { identities: new Map() },
    { identities: new Map(SEEN.identities).set("/srv/notes", "1:999") },
    { identities: new Map(SEEN.identities).set("/tmp/work/out", "2:200") },
    flags("/tmp/work/out", "ro,nosuid,nodev,noexec"),
  ],
  data: [],
  "resource-limits": [...SEEN.limits].flatMap(([name, { soft, hard }]) => [
    limit(name, soft + 1, hard),
    limit(name, soft, hard + 1),
    limit(name, soft, Number.POSITIVE_INFINITY),
    { limits: new Map([...SEEN.limits].filter(([other]) => other !== name)) },
  ]),
  "no-new-privileges": [status("NoNewPrivs", "0"), status("NoNewPrivs", undefined)],
  "no-capabilities": ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].flatMap((name) => [
    status(name, "0000000000000001"),
    status(name, "000001ffffffffff"),
    status(name, undefined),
  ]),
  descriptors: [
    descriptor(4, "/etc/shadow"),
    descriptor(5, "socket:[9]"),
    { closingDescriptors: new Set([3]) },
    { descriptors: new Map([...SEEN.descriptors].filter(([number]) => number !== 4)) },
    descriptor(100, "socket:[9]"),
    descriptor(0, "/dev/pts/0"),
    descriptor(3, "/dev/null"),
    { descriptors: new Map([...SEEN.descriptors].filter(([number]) => number !== 3)) },
  ],
  seccomp: [
    status("Seccomp", "0"),
    status("Seccomp", "1"),
    status("Seccomp", undefined),
    status("Seccomp_filters", "0"),
    { ownFilters: 1 },
    status("Threads", "2"),
  ],
};

/** Walls that share a fact with an earlier one: that one speaks first. */
const WRITABLE = [
  flags("/tmp", "rw,nosuid,nodev"),
  flags("/tmp", "rw,nodev,noexec"),
  flags("/tmp/work/out", "rw,nosuid,nodev"),
  flags("/srv/notes", "rw,nosuid,nodev,noexec"),
  without("/srv/notes"),
  flags("/data", "rw,nosuid,nodev"),
  flags("/data", "rw,nosuid,noexec"),
  flags("/plugin/data", "rw,nodev,noexec"),
  without("/tmp"),
  without("/data"),
  without("/plugin/data"),
];

function differenceOf(plan: LaunchPlan, seen: Seen): unknown {
  try {
    checkPosture(plan, seen);
    return undefined;
  } catch (error) {
    return isPaddockError(error, "SETUP_FAILED") ? error.data.wall : error;
  }
}

describe("checkPosture()", () => {
  it("lists every wall when all stand as they were asked", () => {
    const { walls } = checkPosture(PLAN, SEEN);
    expect(walls.map(({ name }) => name)).toEqual(WALLS.map(({ name }) => name));
    for (const { found } of walls) expect(found).not.toBe("");
  });

  it("has a row of tampering for every wall", () => {
    expect(Object.keys(TAMPERED).sort()).toEqual(WALLS.map(({ name }) => name).sort());
  });

  it.each(
    Object.entries(TAMPERED).flatMap(([wall, rows]) => rows.map((row, at) => [wall, at, row] as const)),
  )("names %s when it is not as asked (%i)", (wall, _, change) => {
    expect(differenceOf(PLAN, { ...SEEN, ...change })).toBe(wall);
  });

  it.each(WRITABLE.map((row, at) => [at, row] as const))(
    "lets no writable place be other than asked (%i)",
    (_, change) => {
      expect(["root-file-system", "scratch", "data"]).toContain(differenceOf(PLAN, { ...SEEN, ...change }));
    },
  );

  it("asks for no group and no data where there are none", () => {
    const plan = { ...PLAN, cgroup: undefined, dataSource: undefined };
    const { mounts: all } = SEEN;
    const seen = { ...SEEN, cgroups: [], mounts: all.filter(({ target }) => !target.endsWith("/data")) };
    const { walls } = checkPosture(plan, seen);
    expect(walls.filter(({ found }) => found === "none").map(({ name }) => name)).toEqual([
      "control-group",
      "data",
    ]);
    expect(differenceOf(plan, SEEN)).toBe("root-file-system");
  });

  it("says what was expected and what was found, for people", () => {
    expect(() => checkPosture(PLAN, { ...SEEN, ...status("Seccomp", "0") })).toThrow(
      'Cannot start "acme.probe-1": the wall "seccomp" is not as asked: expected Seccomp 2, found 0.',
    );
  });
});
