import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuestEndCode, LaunchSpec } from "../isolation.js";
import { classifyEnd, type ExitFacts } from "./exit.js";

const MB = 1024 ** 2;
/** Three quarters of the limit below. */
const NEAR = 48 * MB;

const SPEC: LaunchSpec = {
  label: "acme.probe-1",
  owner: { plugin: "acme/probe", tenant: "main" },
  program: "/runtime/node",
  args: [],
  env: {},
  workingDirectory: "/",
  executables: [],
  inputs: [],
  data: undefined,
  dataAliases: [],
  limits: {
    memoryBytes: 64 * MB,
    cpuCores: 0.5,
    cpuTimeMs: 60_000,
    timeoutMs: 5_000,
    startTimeoutMs: 5_000,
    diskBytes: 16 * MB,
    scratchBytes: MB,
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
  baseline: { dataBytes: 0, threads: 11, files: 20 },
  onLog: () => undefined,
};

const NOTHING: ExitFacts = {
  exitCode: 0,
  killed: undefined,
  oomKills: 0,
  memoryPeakBytes: undefined,
  cpuMs: 0,
  lastLines: [],
};

const classify = (facts: Partial<ExitFacts>) => classifyEnd(SPEC, { ...NOTHING, ...facts });
const HEAP = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";

describe("classifyEnd()", () => {
  it.each<readonly [string, Partial<ExitFacts>, GuestEndCode | undefined]>([
    ["exits with 0", {}, undefined],
    ["exits with 1", { exitCode: 1 }, "CRASHED"],
    ["exits with 255", { exitCode: 255 }, "CRASHED"],
    ["ends without anybody knowing how", { exitCode: undefined }, "CRASHED"],
    ["exits with 137 by itself, which looks like SIGKILL", { exitCode: 137, cpuMs: 200 }, "CRASHED"],
    ["exits with 137 and complains of memory", { exitCode: 137, lastLines: [HEAP] }, "CRASHED"],
    ["is killed by the kernel for memory", { exitCode: 137, oomKills: 1 }, "MEMORY_LIMIT"],
    ["exits with 0 after the kernel killed a part of it for memory", { oomKills: 1 }, "MEMORY_LIMIT"],
    ["fills its heap, which ends in abort", { exitCode: 134, lastLines: [HEAP] }, "MEMORY_LIMIT"],
    [
      "fills its heap as process 1",
      { exitCode: 139, lastLines: ["<--- Last few GCs --->", HEAP] },
      "MEMORY_LIMIT",
    ],
    ["runs into a trap for memory", { exitCode: 133, lastLines: ["Out of memory: Zone"] }, "MEMORY_LIMIT"],
    ["aborts without a word near its limit", { exitCode: 134, memoryPeakBytes: NEAR }, "MEMORY_LIMIT"],
    ["aborts without a word far from it", { exitCode: 134, memoryPeakBytes: NEAR / 2 }, "CRASHED"],
    ["is refused memory in C++", { exitCode: 134, lastLines: ["what():  std::bad_alloc"] }, "MEMORY_LIMIT"],
    ["complains of memory and exits with 1", { exitCode: 1, lastLines: [HEAP] }, "CRASHED"],
    ["aborts without a word", { exitCode: 134 }, "CRASHED"],
    ["aborts for another reason", { exitCode: 134, lastLines: ["Assertion failed"] }, "CRASHED"],
    ["runs into a segmentation fault", { exitCode: 139 }, "CRASHED"],
    ["makes a forbidden system call", { exitCode: 159 }, "SECCOMP_VIOLATION"],
    ["is killed at its processor time", { exitCode: 137, cpuMs: 60_000 }, "CPU_LIMIT"],
    ["is killed just before it, as the kernel counts", { exitCode: 137, cpuMs: 58_900 }, "CPU_LIMIT"],
    ["is killed long before it", { exitCode: 137, cpuMs: 30_000 }, "CRASHED"],
    ["used its processor time but exits by itself", { exitCode: 1, cpuMs: 60_000 }, "CRASHED"],
    ["runs out of memory and of time", { exitCode: 137, oomKills: 2, cpuMs: 60_000 }, "MEMORY_LIMIT"],
  ])("a guest that %s", (_, facts, code) => {
    const end = classify(facts);
    expect(end.code).toBe(code);
    expect(end.hint === undefined).toBe(code === undefined);
    expect(end.message).not.toBe("");
  });

  it.each<GuestEndCode>(["TIMEOUT", "DISK_LIMIT", "PROTOCOL_VIOLATION", "KILLED", "SETUP_FAILED"])(
    "our own kill for %s comes before whatever the guest made of its end",
    (code) => {
      fc.assert(
        fc.property(
          fc.option(fc.nat(255), { nil: undefined }),
          fc.nat(3),
          fc.nat(100_000),
          fc.array(fc.string()),
          (exitCode, oomKills, cpuMs, lastLines) => {
            const killed = { code, message: "it was asked to go" };
            const end = classify({ killed, exitCode, oomKills, cpuMs, lastLines });
            expect([end.code, end.message]).toEqual([code, "it was asked to go"]);
          },
        ),
      );
    },
  );

  it.each([
    [
      { exitCode: 137, oomKills: 1, memoryPeakBytes: 70 * MB },
      { limit: 64 * MB, peak: 70 * MB, signal: "SIGKILL" },
    ],
    [
      { exitCode: 137, oomKills: 1 },
      { limit: 64 * MB, signal: "SIGKILL" },
    ],
    [
      { exitCode: 137, cpuMs: 60_010 },
      { limit: 60_000, peak: 60_010, signal: "SIGKILL" },
    ],
    [
      { exitCode: 137, killed: { code: "DISK_LIMIT", message: "" } as const },
      { limit: 16 * MB, signal: "SIGKILL" },
    ],
    [{ exitCode: 159 }, { signal: "SIGSYS" }],
    [{ exitCode: 7 }, { signal: undefined }],
  ])("gives the evidence of %o", (facts, evidence) => {
    expect(classify({ ...facts, lastLines: ["the end"] }).evidence).toEqual({
      exitCode: facts.exitCode,
      lastLines: ["the end"],
      ...evidence,
    });
  });

  it.each([
    [{ exitCode: 3 }, "it ended with exit code 3"],
    [{ exitCode: 139 }, "it ended with exit code 139 (SIGSEGV)"],
    [{ exitCode: undefined }, "it ended with exit code unknown"],
    [{ oomKills: 1 }, "it needed more than its 64 MB of memory"],
    [{ exitCode: 137, cpuMs: 61_000 }, "it used its 60 s of processor time"],
    [{}, "it exited by itself"],
  ])("says of %o: %s", (facts, message) => {
    expect(classify(facts).message).toBe(message);
  });
});
