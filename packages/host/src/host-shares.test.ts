import { join } from "node:path";
import type { Share } from "@paddock/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "./host.js";
import type { Host } from "./host-interface.js";

const ID = "acme/guests";
/** One letter for each life of the module: calls that get the same letter met in one guest. */
const CODE = `
  const life = Math.random();
  export default definePlugin({ actions: { life: () => life } });`;

const CALLS = [
  { tenant: "x", caller: "ann" },
  { tenant: "x", caller: "ann" },
  { tenant: "x", caller: "bob" },
  { tenant: "x" },
  { tenant: "y", caller: "ann" },
] as const;

let home: TemporaryHome;
beforeAll(async () => {
  home = await makeTemporaryHome();
  await writePlugin(join(home.path, "guests"), { id: ID, actions: { life: {} }, code: CODE });
});
afterAll(() => home.remove());

describe("calls of two callers and two tenants", () => {
  it.each<[Share, string]>([
    ["plugin", "aaaaa"],
    ["tenant", "aaaab"],
    ["caller", "aabcd"],
    ["call", "abcde"],
  ])("with share %s meet in guests as in %s", async (share, expected) => {
    await using host = await createHost({ home: join(home.path, share), defaults: { share } });
    await host.load(join(home.path, "guests"));
    expect(await meetings(host)).toBe(expected);
  });
});

async function meetings(host: Host): Promise<string> {
  const lives: unknown[] = [];
  let letters = "";
  for (const options of CALLS) {
    const life = await host.call(ID, "life", null, options);
    if (!lives.includes(life)) lives.push(life);
    letters += "abcde"[lives.indexOf(life)];
  }
  return letters;
}
