import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Attack, Seen } from "./attack.js";
import { ATTACKS } from "./attacks.js";

const FOLDER = new URL("../../attacks/", import.meta.url);

let place: { readonly folder: string; readonly data: string };
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "attacks-"));
  place = { folder: join(folder, "baits"), data: join(folder, "data") };
  await mkdir(place.folder);
  await mkdir(place.data);
});
afterEach(() => rm(join(place.folder, ".."), { recursive: true }));

const QUIET: Seen = {
  loot: [],
  refused: [],
  answer: {},
  failure: undefined,
  logs: [],
  usage: undefined,
  elapsedMs: 1,
};

test("every attack has its plugin, and every plugin is an attack", async () => {
  const folders = await readdir(FOLDER, { withFileTypes: true });
  const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(names.toSorted()).toEqual(ATTACKS.map(({ name }) => name).toSorted());
});

/** The control: the same code without walls succeeds, and is seen to. */
test.each(["reads-etc-passwd", "connects-to-loopback", "starts-a-shell"])(
  "%s succeeds in plain Node, and its judge sees that",
  async (name) => {
    const bait = await find(name).lay(place);
    try {
      const { default: plugin } = await import(new URL(`${name}/main.js`, FOLDER).href);
      const answer = await plugin.actions.attack(bait.payload);
      expect(await bait.damage({ ...QUIET, answer, loot: answer.loot })).toEqual(expect.any(String));
    } finally {
      await bait.clear?.();
    }
  },
);

const failed = (code: "CRASHED" | "TIMEOUT") => ({ ...QUIET, failure: new PaddockError(code, "it ended") });
const line = (message: string) =>
  ({
    plugin: "a/b",
    tenant: "main",
    level: "info",
    source: "stdout",
    message,
    fields: {},
    dropped: 0,
  }) as const;

test.each([
  ["reads-host-environment", () => ({ ...QUIET, loot: [JSON.stringify(process.env)] })],
  ["escapes-by-symlink", () => ({ ...QUIET, loot: ["hard link: done"] })],
  ["opens-a-socket", () => ({ ...QUIET, loot: ["listens on 0.0.0.0"] })],
  ["fork-bomb", () => ({ ...QUIET, loot: ["process 12"] })],
  ["executes-dropped-binary", () => ({ ...QUIET, logs: [line("LOOT a dropped program ran")] })],
  ["fills-memory", () => ({ ...QUIET, answer: { bytes: 4 * 1024 ** 3 } })],
  ["fills-tmp", () => ({ ...QUIET, answer: { written: 64 * 1024 ** 2 } })],
  ["fills-data", () => ({ ...QUIET, answer: { made: 8_000 } })],
  ["many-threads", () => ({ ...QUIET, answer: { running: 200 } })],
  ["spins-forever", () => failed("CRASHED")],
  ["speaks-garbage", () => QUIET],
  ["floods-stderr", () => ({ ...QUIET, logs: Array.from({ length: 5_000 }, () => line("flood")) })],
])("%s is judged a success when it is one, and not when nothing happened", async (name, success) => {
  const bait = await find(name).lay(place);
  try {
    expect(await bait.damage(success())).toEqual(expect.any(String));
    const isEndedByForce = name === "spins-forever" || name === "speaks-garbage";
    if (!isEndedByForce) expect(await bait.damage(QUIET)).toBeUndefined();
  } finally {
    await bait.clear?.();
  }
});

test("an attack that only an end can stop is refused by that end", async () => {
  const bait = await find("spins-forever").lay(place);
  expect(await bait.damage(failed("TIMEOUT"))).toBeUndefined();
});

function find(name: string): Attack {
  const attack = ATTACKS.find((one) => one.name === name);
  if (attack === undefined) throw new Error(`no attack ${name}`);
  return attack;
}
