import { describe, expect, it } from "vitest";
import { PLAN } from "../../../../../test/plugins/host-behaviours/planned-launch.js";
import { waitingPlace } from "./walls/grants.js";
import { bubblewrapArguments, stubCommand, stubInstructions } from "./walls.js";

const WAITING = waitingPlace("/tmp/work/out");

describe("bubblewrapArguments()", () => {
  const args = bubblewrapArguments(PLAN);
  const at = (...words: readonly string[]) =>
    args.findIndex((_, start) => words.every((word, offset) => args[start + offset] === word));

  it.each(["user", "pid", "net", "ipc", "uts", "cgroup"])("unshares the %s namespace", (name) => {
    expect(args).toContain(`--unshare-${name}`);
  });

  it("names the stub last, so that a list cut short has nothing to run", () => {
    const stub = at("--ro-bind", "/tmp/stub", "/.launch-stub");
    for (const [option, source, target] of [
      ["--ro-bind", "/tmp/input-0", "/plugin"],
      ["--ro-bind", "/tmp/input-1", "/runtime/node"],
      ["--ro-bind", "/tmp/grant-0", "/srv/notes"],
      ["--bind", "/tmp/grant-1", WAITING],
      ["--bind", "/tmp/data", "/data"],
    ] as const)
      expect(stub).toBeGreaterThan(at(option, source, target));
    expect(args.slice(stub, stub + 5)).toEqual([
      "--ro-bind",
      "/tmp/stub",
      "/.launch-stub",
      "--remount-ro",
      "/",
    ]);
  });

  it("binds what lies in a folder after that folder", () => {
    const targets = args.flatMap((arg, index) => (/^--(ro-)?bind$/.test(arg) ? [args[index + 2] ?? ""] : []));
    for (const [index, target] of targets.entries())
      expect(targets.slice(index).filter((later) => target.startsWith(`${later}/`))).toEqual([]);
  });

  it("names no path of the host's that is not in the plan", () => {
    const paths = args.filter((arg) => arg.startsWith("/"));
    const known = [
      "/",
      "/tmp",
      "/data",
      "/proc",
      "/dev/null",
      "/dev/random",
      "/dev/urandom",
      "/.launch-stub",
    ];
    const planned = [
      "/plugin",
      "/runtime/node",
      "/plugin/data",
      "/srv/notes",
      WAITING,
      "/tmp/grant-0",
      "/tmp/grant-1",
      "/tmp/input-0",
      "/tmp/input-1",
      "/tmp/data",
      "/tmp/stub",
    ];
    expect(paths.filter((path) => ![...known, ...planned].includes(path))).toEqual([]);
  });

  it("lets nothing be set in the guest's environment or read from the host's", () => {
    expect(args.filter((arg) => /^--(setenv|share-net|file|bind-data|ro-bind-data)$/.test(arg))).toEqual([]);
  });
});

describe("stubInstructions()", () => {
  it("raises what needs a privilege before it is given away, and waits before the program", () => {
    const steps = stubInstructions(PLAN).map(([wall, step]) => {
      const subject =
        "target" in step ? step.target : "resource" in step ? `${step.resource} ${step.hard}` : "";
      return `${wall}: ${step.kind} ${subject}`.trim();
    });
    expect(steps).toEqual([
      "environment: environment",
      "user-namespace: writeFile",
      "user-namespace: writeFile",
      "user-namespace: writeFile",
      "root-file-system: unmount /proc",
      "root-file-system: sealMounts",
      "root-file-system: remount /dev/null",
      "root-file-system: remount /dev/random",
      "root-file-system: remount /dev/urandom",
      "root-file-system: remount /plugin",
      "root-file-system: remount /runtime/node",
      "root-file-system: unmount /.launch-stub",
      "scratch: tmpfs /tmp",
      "grants: remount /srv/notes",
      "grants: makeDirectory",
      "grants: bindMount /tmp/work/out",
      `grants: unmount ${WAITING}`,
      "data: remount /data",
      "data: remount /plugin/data",
      "resource-limits: rlimit data 591396864",
      "resource-limits: rlimit nproc 19",
      "resource-limits: rlimit nofile 85",
      "resource-limits: rlimit fsize 16777216",
      "resource-limits: rlimit cpu 61",
      "resource-limits: rlimit core 0",
      "resource-limits: rlimit stack 8388608",
      "resource-limits: rlimit memlock 65536",
      "resource-limits: rlimit msgqueue 0",
      "resource-limits: rlimit sigpending 100",
      "resource-limits: rlimit nice 0",
      "resource-limits: rlimit rtprio 0",
      "no-capabilities: dropCapabilities",
      "descriptors: closeFrom",
      "seccomp: seccomp",
      "gate: ready",
      "program: chdir",
      "program: execute",
    ]);
  });

  it("gives the program its own environment, place and words only", () => {
    const steps = stubInstructions(PLAN).map(([, step]) => step);
    expect(steps).toContainEqual({ kind: "environment", variables: { LANG: "C" } });
    expect(steps.slice(-2)).toEqual([
      { kind: "chdir", path: "/plugin" },
      {
        kind: "execute",
        path: "/runtime/node",
        argv: ["/runtime/node", "--flag", "/paddock/guest-entry.cjs"],
      },
    ]);
  });

  it("makes the scratch space whole pages, never smaller than asked", () => {
    const scratch = stubInstructions(PLAN).find(([, step]) => step.kind === "tmpfs")?.[1];
    expect(scratch).toMatchObject({ sizeBytes: 17 * 65_536, inodes: 100, mode: 0o700, uid: 1000, gid: 1000 });
  });

  it("is run by a stub that knows where its instructions are and where to report", () => {
    expect(stubCommand(6, 3)).toEqual(["/.launch-stub", "6", "3"]);
  });
});
