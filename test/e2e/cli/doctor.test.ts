import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { finish, makeFolder, paddock, paddockWords } from "./paddock.ts";

let root: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  root = await makeFolder();
});
afterAll(() => root.remove());

it("paddock doctor tells about every wall and every limit of this machine", async () => {
  const human = await paddock(["doctor"]);
  expect(human).toMatchObject({ status: 0, stderr: "" });
  expect(human.stdout).toMatch(/✓ {2}seccomp[\s\S]*memory +kernel[\s\S]*requires is here/);
  const machine = JSON.parse((await paddock(["doctor", "--json"])).stdout);
  expect(machine).toMatchObject({
    preset: "production",
    machine: { bubblewrap: expect.stringMatching(/^\d/) },
  });
  expect(
    machine.mechanisms.every((one: { required: boolean; present: boolean }) => one.present || !one.required),
  ).toBe(true);
  expect(Object.keys(machine.privileges)).toEqual(["root", "delegated user", "plain user"]);
});

it("paddock doctor reports a missing bubblewrap as a missing wall, and says how to install it", async () => {
  const hidden = "mount --bind /dev/null /usr/bin/bwrap";
  const child = spawn("unshare", [
    "-rm",
    "sh",
    "-c",
    `${hidden} && exec ${paddockWords(["doctor", "--json"])}`,
  ]);
  const { status, stdout } = await finish(child);
  expect(status).toBe(71);
  const { error, mechanisms } = JSON.parse(stdout);
  expect(error).toMatchObject({
    code: "SETUP_FAILED",
    hint: expect.stringContaining("apt-get install -y bubblewrap"),
  });
  expect(error.data.missing).toContain("user-namespace");
  expect(mechanisms).toContainEqual(expect.objectContaining({ name: "seccomp", present: true }));
});

it("paddock doctor says on another system where plugins can be run", async () => {
  const elsewhere = "data:text/javascript,Object.defineProperty(process,'platform',{value:'darwin'})";
  const { status, stderr } = await paddock(["doctor"], { env: { NODE_OPTIONS: `--import=${elsewhere}` } });
  expect(status).toBe(69);
  expect(stderr).toMatch(/Cannot isolate plugins on darwin[\s\S]*hint: [\s\S]*docker run/);
});

it("paddock doctor --attack has every attack refused, by root's host and by anybody's", {
  timeout: 120_000,
}, async () => {
  const { status, stdout } = await paddock(["doctor", "--attack", "--home", root.path, "--json"]);
  const { attacks } = JSON.parse(stdout);
  expect(attacks.filter(({ isRefused }: { isRefused: boolean }) => !isRefused)).toEqual([]);
  expect(attacks.map(({ attack }: { attack: string }) => attack)).toHaveLength(15);
  expect(status).toBe(0);
  expect(await readdir(join(root.path, "trials"))).toEqual([]);
});
