import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isPaddockError, type PaddockError } from "@paddock/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../../test/plugins/host-behaviours/leftovers.js";
import { type NodeSpecOptions, nodeSpec } from "../../../../../test/plugins/host-behaviours/node-spec.js";
import { GROUP } from "../../../../../test/plugins/host-behaviours/planned-launch.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../../test/plugins/host-behaviours/temporary-home.js";
import type { GuestLogLine, LaunchSpec } from "../isolation.js";
import type { Bubblewrap } from "./bubblewrap.js";
import { type Launched, launch } from "./launch.js";
import type { LaunchPlan } from "./launch-plan.js";
import { inspectMachine, type Machine } from "./machine.js";
import { prepareLaunch } from "./prepare.js";
import { sweepRunDirectories } from "./run-directory.js";
import { openStatusFile } from "./status-file.js";
import { allocateUid } from "./uids.js";
import { VolumeKeepers } from "./volume-keeper.js";
import { WALLS } from "./walls.js";

const UIDS = { from: 2_000_000_000, count: 100_000 };
/** Says that it runs, then waits for ever. */
const SHOUT = 'console.error("the program ran"); setInterval(() => undefined, 1000);';

let home: TemporaryHome;
let before: Holdings;
let machine: Machine;
let keepers: VolumeKeepers;
let scripts = "";
let lines: GuestLogLine[] = [];

beforeAll(async () => {
  home = await makeTemporaryHome();
  scripts = await mkdtemp("/var/tmp/paddock-launch-");
  await chmod(scripts, 0o755);
  before = holdings();
});
beforeEach(async () => {
  lines = [];
  machine = await inspectMachine(home.path);
  keepers = new VolumeKeepers(machine.stub, join(machine.runDirectory, "volumes"));
});
afterEach(async () => {
  await keepers.close();
  await machine.cgroups?.close();
  expect(await leftSince(before)).toEqual([]);
});
afterAll(async () => {
  await sweepRunDirectories(home.path);
  await rm(scripts, { recursive: true, force: true });
  await home.remove();
});

const spec = (more: Partial<NodeSpecOptions> = {}): Promise<LaunchSpec> =>
  nodeSpec({ home: home.path, code: SHOUT, onLog: (line) => lines.push(line), ...more });

/** A launch by hand, in which everything that was prepared may be changed before it starts. */
async function launchChanged(
  change: (plan: LaunchPlan) => LaunchPlan,
  more: {
    readonly machine?: Partial<Machine>;
    readonly signal?: AbortSignal;
    readonly spec?: Partial<NodeSpecOptions>;
    readonly mounts?: LaunchSpec["mounts"];
  } = {},
): Promise<PaddockError> {
  const changed = { ...machine, ...more.machine };
  const uidOf = (owner: string) => allocateUid(owner, UIDS);
  const wanted = { ...(await spec(more.spec)), mounts: more.mounts ?? [] };
  const { plan, outer, data, grants } = await prepareLaunch({
    machine: changed,
    keepers,
    spec: wanted,
    home: home.path,
    uidOf,
  });
  try {
    const { child } = await launch(
      {
        bubblewrap: changed.bubblewrap,
        outerStub: outer?.stub,
        openStatus: () => openStatusFile(machine.runDirectory),
      },
      wanted,
      Promise.resolve({ plan: change(plan), outer }),
      more.signal,
    );
    child.kill("SIGKILL");
    return expect.fail("the program was let go");
  } catch (error) {
    if (!isPaddockError(error)) throw error;
    return error;
  } finally {
    await plan.cgroup?.remove();
    data?.release();
    await grants.close();
  }
}

async function end({ child, streams, status }: Launched): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
  streams.close();
  await status.close();
}

/** Not in /tmp, where root's guests find something else by the time bubblewrap starts. */
async function fakeBubblewrap(body: string): Promise<Bubblewrap> {
  const path = join(scripts, `bwrap-${Math.random().toString(36).slice(2)}`);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return { path, version: "0.8.0" };
}

describe("launch()", () => {
  it.each<readonly [string, (plan: LaunchPlan) => LaunchPlan]>([
    [
      "control-group",
      (plan) => ({
        ...plan,
        joinsCgroup: false,
        cgroup: { ...GROUP, memberships: ["99:memory:/elsewhere"] },
      }),
    ],
    ["user-namespace", (plan) => ({ ...plan, gid: plan.gid + 1 })],
  ])("kills the guest before its program ran when %s is not as asked", async (wall, change) => {
    const error = await launchChanged(change);
    expect(error).toMatchObject({ code: "SETUP_FAILED", data: { wall } });
    await wait(100);
    expect(lines).toEqual([]);
  });

  it("kills the guest that finds something else where a grant was pinned", async () => {
    const exchanged = (plan: LaunchPlan): LaunchPlan => ({
      ...plan,
      mounts: plan.mounts.map((mount) => ({ ...mount, identity: "1:1" })),
    });
    const error = await launchChanged(exchanged, {
      mounts: [{ source: scripts, target: "/srv/scripts", access: "read" }],
    });
    expect(error).toMatchObject({ code: "SETUP_FAILED", data: { wall: "grants" } });
    expect(lines).toEqual([]);
  });

  it("kills the guest when it cannot be placed in its group", async () => {
    const place = () => Promise.reject(Object.assign(new Error("no such device"), { code: "ENODEV" }));
    const error = await launchChanged((plan) => ({
      ...plan,
      joinsCgroup: false,
      cgroup: { ...GROUP, memberships: [], place },
    }));
    expect(error).toMatchObject({ code: "SETUP_FAILED", message: expect.stringContaining("no such device") });
    await wait(100);
    expect(lines).toEqual([]);
  });

  it.each([
    ["ends at once", "exit 3", "ended without a word"],
    [
      "complains",
      "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1",
      "setting up uid map: Permission denied",
    ],
    ["pretends that the guest is ready, and ends", "printf 'ready\\n' >&3; exit 0", "ended without a word"],
  ])("fails when bubblewrap %s, and lets nothing run", async (_, body, words) => {
    const error = await launchChanged((plan) => plan, {
      machine: { bubblewrap: await fakeBubblewrap(body) },
    });
    expect(error).toMatchObject({ code: "SETUP_FAILED", message: expect.stringContaining(words) });
    expect(error.hint).toContain("paddock doctor");
    expect(lines.map(({ text }) => text)).not.toContain("the program ran");
  });

  it("fails when bubblewrap is gone since the host began", async () => {
    const bubblewrap = { path: "/nowhere/bwrap", version: "0.8.0" };
    const error = await launchChanged((plan) => plan, { machine: { bubblewrap } });
    expect(error).toMatchObject({ code: "SETUP_FAILED", message: expect.stringMatching(/errno 2|ENOENT/) });
  });

  it("can be given up while bubblewrap hangs", async () => {
    const bubblewrap = await fakeBubblewrap("exec sleep 60");
    const startedAt = performance.now();
    const pending = launchChanged((plan) => plan, {
      machine: { bubblewrap },
      signal: AbortSignal.timeout(300),
    });
    await expect(pending).rejects.toThrow("timeout");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("verifies the code behind standing walls, and lets nothing run that is not what it was", async () => {
    const uidOf = (owner: string) => allocateUid(owner, UIDS);
    const prepared = await prepareLaunch({ machine, keepers, spec: await spec(), home: home.path, uidOf });
    const { plan, outer, data } = prepared;
    let standing: readonly string[] = [];
    const verify = async () => {
      standing = holdings().children.filter((one) => !before.children.includes(one));
      throw new Error("changed in the store");
    };
    const first = {
      bubblewrap: machine.bubblewrap,
      outerStub: outer?.stub,
      openStatus: () => openStatusFile(machine.runDirectory),
    };
    await expect(
      launch(first, { ...plan.spec, verify }, Promise.resolve(prepared), undefined),
    ).rejects.toThrow("changed in the store");
    expect(standing.length).toBeGreaterThan(0);
    expect(lines.map(({ text }) => text)).not.toContain("the program ran");
    await plan.cgroup?.remove();
    data?.release();
  });

  it("fails when something says ready that bubblewrap has not named", async () => {
    const bubblewrap = await fakeBubblewrap("printf 'ready\\n' >&3; exec sleep 60");
    const error = await launchChanged((plan) => plan, { machine: { bubblewrap } });
    expect(error.code).toBe("SETUP_FAILED");
  });

  it.each([0, 1, 3, 6, 9, 12, 16, 22, 30])("leaves nothing when it is given up after %d ms", async (ms) => {
    const abort = new AbortController();
    const uidOf = (owner: string) => allocateUid(owner, UIDS);
    const { plan, outer, data } = await prepareLaunch({
      machine,
      keepers,
      spec: await spec(),
      home: home.path,
      uidOf,
    });
    const pending = launch(
      {
        bubblewrap: machine.bubblewrap,
        outerStub: outer?.stub,
        openStatus: () => openStatusFile(machine.runDirectory),
      },
      plan.spec,
      Promise.resolve({ plan, outer }),
      abort.signal,
    ).catch((error: unknown) => error);
    await wait(ms);
    abort.abort(new Error("given up"));
    const result = await pending;
    if (result instanceof Error) expect(result.message).toBe("given up");
    // Safe: whatever is not an error was launched.
    else await end(result as Launched);
    await plan.cgroup?.remove();
    data?.release();
  });

  it("shows every wall of a guest that it let go", async () => {
    const uidOf = (owner: string) => allocateUid(owner, UIDS);
    const { plan, outer } = await prepareLaunch({
      machine,
      keepers,
      spec: await spec(),
      home: home.path,
      uidOf,
    });
    const launched = await launch(
      {
        bubblewrap: machine.bubblewrap,
        outerStub: outer?.stub,
        openStatus: () => openStatusFile(machine.runDirectory),
      },
      plan.spec,
      Promise.resolve({ plan, outer }),
      undefined,
    );
    expect(launched.posture.walls.map(({ name }) => name)).toEqual(WALLS.map(({ name }) => name));
    await expect.poll(() => lines.map(({ text }) => text)).toEqual(["the program ran"]);
    await end(launched);
    await plan.cgroup?.remove();
  });
});

describe("prepareLaunch()", () => {
  it.each([
    ["an input that does not exist", { inputs: [{ source: "/nowhere/at/all", target: "/plugin" }] }],
    [
      "an executable that does not exist",
      { executables: [{ source: "/nowhere/node", target: "/runtime/node" }] },
    ],
  ])("leaves nothing for %s", async (_, more) => {
    const uidOf = (owner: string) => allocateUid(owner, UIDS);
    const wanted = { ...(await spec({ hasData: true })), ...more };
    await expect(
      prepareLaunch({ machine, keepers, spec: wanted, home: home.path, uidOf }),
    ).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});
