import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { readStatus } from "./status-reader.js";

const FIRST = '{ "child-pid": 4711, "cgroup-namespace": 1, "ipc-namespace": 2 }\n';
const LAST = '{ "exit-code": 137 }\n';

describe("readStatus()", () => {
  it("finds the child and, at the end, how it ended", async () => {
    const source = new PassThrough();
    const status = readStatus(source);
    source.write(FIRST);
    expect(await status.childPid).toBe(4711);
    expect(status.exitCode()).toBeUndefined();
    source.end(LAST);
    await status.ended;
    expect(status.exitCode()).toBe(137);
  });

  it("waits for the whole number when it comes in pieces", async () => {
    for (let cut = 1; cut < FIRST.length; cut++) {
      const source = new PassThrough();
      const status = readStatus(source);
      source.write(FIRST.slice(0, cut));
      await nextTurn();
      source.write(FIRST.slice(cut));
      expect(await status.childPid).toBe(4711);
      source.destroy();
    }
  });

  it("knows no child when bubblewrap ends before it made one", async () => {
    const source = new PassThrough();
    const status = readStatus(source);
    source.end();
    source.resume();
    expect(await status.childPid).toBeUndefined();
    expect(status.exitCode()).toBeUndefined();
  });

  it("holds no more than bubblewrap ever says", async () => {
    const source = new PassThrough();
    const status = readStatus(source);
    for (let chunk = 0; chunk < 100; chunk++) source.write("x".repeat(10_000));
    source.end(FIRST);
    expect(await status.childPid).toBeUndefined();
  });
});
