import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../../test/plugins/host-behaviours/leftovers.js";
import { writeProbe } from "../../../../../test/plugins/host-behaviours/probe.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../../test/plugins/host-behaviours/temporary-home.js";

const run = promisify(execFile);
const path = (relative: string) => new URL(relative, import.meta.url).pathname;
const DOOR = path("../../../dist/index.js");
const EXHAUSTED = path("../../../../../test/plugins/host-behaviours/exhausted-host.mjs");

let home: TemporaryHome;
let before: Holdings;
beforeAll(async () => {
  home = await makeTemporaryHome();
  await writeProbe(join(home.path, "probe"));
  before = holdings();
});
afterAll(async () => {
  expect(await leftSince(before)).toEqual([]);
  await home.remove();
});

describe("a host out of descriptors", () => {
  it("says so at every point of a start, leaves nothing, and goes on afterwards", {
    timeout: 60_000,
  }, async () => {
    const args = [EXHAUSTED, DOOR, join(home.path, "home"), join(home.path, "probe"), "48"];
    const { stdout, stderr } = await run("prlimit", ["--nofile=256", process.execPath, ...args], {
      timeout: 50_000,
    });
    expect(stderr).toBe("");
    const { outcomes, after, before: first, end } = JSON.parse(stdout);
    expect(new Set(outcomes)).toEqual(new Set(["HOST_EXHAUSTED", "answered"]));
    expect(outcomes[0]).toBe("HOST_EXHAUSTED");
    expect(outcomes.at(-1)).toBe("answered");
    expect(after).toBe("1.0.0");
    expect(end).toBeLessThanOrEqual(first);
  });
});
