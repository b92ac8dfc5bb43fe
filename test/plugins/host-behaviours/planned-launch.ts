import type { Cgroup } from "../../../packages/host/src/isolation/process/cgroup/cgroup.js";
import type { LaunchPlan } from "../../../packages/host/src/isolation/process/launch-plan.js";
import type { Seen, SeenMount } from "../../../packages/host/src/isolation/process/seen.js";

const MB = 1024 ** 2;

/** A group that takes whoever is placed in it. */
export const GROUP: Cgroup = {
  hasMemory: true,
  hasCpu: true,
  memberships: ["4:memory:/paddock-1-2/acme.probe-1", "1:cpu:/paddock-1-2/acme.probe-1"],
  made: Promise.resolve(),
  joinFiles: [],
  place: async () => undefined,
  limitCpu: async () => undefined,
  usage: async () => ({ memoryBytes: 1, memoryPeakBytes: 1, cpuMs: 1, oomKills: 0 }),
  freezer: undefined,
  remove: async () => undefined,
};

/** One launch in numbers that are easy to recognise, with something of everything. */
export const PLAN: LaunchPlan = {
  spec: {
    label: "acme.probe-1",
    owner: { plugin: "acme/probe", tenant: "main" },
    program: "/runtime/node",
    args: ["--flag", "/paddock/guest-entry.cjs"],
    env: { LANG: "C" },
    workingDirectory: "/plugin",
    executables: [{ source: "/opt/node", target: "/runtime/node" }],
    inputs: [{ source: "/srv/code", target: "/plugin" }],
    data: { source: "/srv/data" },
    dataAliases: ["/plugin/data"],
    limits: {
      memoryBytes: 64 * MB,
      cpuCores: 0.5,
      cpuTimeMs: 60_500,
      timeoutMs: 5_000,
      startTimeoutMs: 5_000,
      diskBytes: 16 * MB,
      scratchBytes: MB + 1,
      inodes: 100,
      processes: 1,
      threads: 8,
      files: 64,
      messageBytes: 65_536,
      payloadBytes: 65_536,
      resultBytes: 1_048_576,
      logLinesPerSecond: 100,
      concurrency: 8,
    },
    baseline: { dataBytes: 500 * MB, threads: 11, files: 20 },
    onLog: () => undefined,
  },
  uid: 70_001,
  gid: 70_002,
  inputs: [
    { source: "/tmp/input-0", target: "/plugin", executable: false },
    { source: "/tmp/input-1", target: "/runtime/node", executable: true },
  ],
  mounts: [
    {
      source: "/tmp/grant-0",
      target: "/srv/notes",
      access: "read",
      owner: { uid: 1001, gid: 1002 },
      identity: "1:100",
    },
    {
      source: "/tmp/grant-1",
      target: "/tmp/work/out",
      access: "write",
      owner: { uid: 0, gid: 0 },
      identity: "1:200",
    },
  ],
  dataSource: "/tmp/data",
  isDataQuotaKernel: true,
  stubSource: "/tmp/stub",
  seccompProgram: Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f),
  cgroup: GROUP,
  joinsCgroup: false,
  hostLimits: new Map([["pending signals", 100]]),
};

const NAMES = ["user", "pid", "net", "ipc", "uts", "cgroup", "mnt"];
const both = (value: number) => ({ soft: value, hard: value });
const mount = (target: string, flags: string, type = "ext4", superOptions = "rw"): SeenMount => ({
  target,
  type,
  flags: new Set(flags.split(",")),
  superOptions: superOptions.split(","),
});

/** What the kernel shows when PLAN stands exactly as it was asked. */
export const SEEN: Seen = {
  status: new Map(
    Object.entries({
      Uid: "70001 70001 70001 70001",
      Gid: "70002 70002 70002 70002",
      NSpid: "4711 1",
      NSsid: "0 1",
      NoNewPrivs: "1",
      Seccomp: "2",
      Seccomp_filters: "1",
      Threads: "1",
      ...Object.fromEntries(
        ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => [name, "0".repeat(16)]),
      ),
    }),
  ),
  limits: new Map([
    ["data size", both(564 * MB)],
    ["processes", both(19)],
    ["open files", both(85)],
    ["file size", both(16 * MB)],
    ["cpu time", both(61)],
    ["core file size", both(0)],
    ["stack size", both(8 * MB)],
    ["locked memory", both(65_536)],
    ["msgqueue size", both(0)],
    ["pending signals", both(100)],
    ["nice priority", both(0)],
    ["realtime priority", both(0)],
  ]),
  mounts: [
    mount("/", "ro,nosuid,nodev,relatime", "tmpfs"),
    ...["/dev/null", "/dev/random", "/dev/urandom"].map((device) =>
      mount(device, "ro,nosuid,noexec", "devtmpfs"),
    ),
    mount("/plugin", "ro,nosuid,nodev,noexec"),
    mount("/runtime/node", "ro,nosuid,nodev"),
    mount("/tmp", "rw,nosuid,nodev,noexec", "tmpfs", "rw,size=1088k,nr_inodes=100,mode=700"),
    mount("/srv/notes", "ro,nosuid,nodev,noexec"),
    mount("/tmp/work/out", "rw,nosuid,nodev,noexec"),
    mount("/data", "rw,nosuid,nodev,noexec"),
    mount("/plugin/data", "rw,nosuid,nodev,noexec"),
  ],
  namespaces: new Map(NAMES.map((name, at) => [name, `${name}:[${at + 100}]`])),
  ownFilters: 0,
  ownNamespaces: new Map(NAMES.map((name, at) => [name, `${name}:[${at}]`])),
  uidMap: "1000 70001 1",
  gidMap: "1000 70002 1",
  descriptors: new Map([
    [0, "/dev/null"],
    [1, "pipe:[1]"],
    [2, "pipe:[2]"],
    [3, "socket:[3]"],
    [4, "socket:[4]"],
  ]),
  closingDescriptors: new Set(),
  cgroups: ["4:memory:/paddock-1-2/acme.probe-1", "1:cpu:/paddock-1-2/acme.probe-1", "0::/"],
  sessionId: 0,
  role: "program",
  identities: new Map([
    ["/srv/notes", "1:100"],
    ["/tmp/work/out", "1:200"],
  ]),
};
