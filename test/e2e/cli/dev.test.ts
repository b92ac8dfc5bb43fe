import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { makeFolder, paddock, writeFiles } from "./paddock.ts";
import { type ServingCommand, startServing } from "./serving.ts";

vi.setConfig({ testTimeout: 90_000 });

const MANIFEST = {
  manifest: 1,
  id: "acme/draft",
  version: "1.0.0",
  runtime: { kind: "node", entry: "main.js" },
  actions: { greet: {}, denied: {} },
};
const code = (word: string) => `
import { definePlugin } from "@paddock/sdk";
export default definePlugin({ actions: {
  greet: (name, ctx) => { ctx.log.info("greeting"); return "${word} " + name; },
  denied: (_, ctx) => ctx.events.publish("orders.paid", 1),
} });`;

let root: Awaited<ReturnType<typeof makeFolder>>;
let folder: string;
let home: string;
let dev: ServingCommand | undefined;

beforeAll(async () => {
  root = await makeFolder();
  home = join(root.path, "home");
});
beforeEach(async () => {
  folder = join(root.path, "draft");
  await writeFiles(folder, { "plugin.json": JSON.stringify(MANIFEST), "main.js": code("Hello") });
});
afterEach(async () => {
  await dev?.end();
});
afterAll(() => root.remove());

function start(...more: readonly string[]): ServingCommand {
  dev = startServing(["dev", folder, "--home", home, ...more]);
  return dev;
}

it("loads again what changed, calls as told and as typed, and prints what happens", async () => {
  const one = start("--call", 'greet "Ada"');
  await one.until(/Hello Ada/);
  await one.until(/✓ greet/);
  expect(one.said()).toMatch(/acme\/draft info +greeting/);
  one.child.stdin?.write('greet "Bob"\n');
  await one.until(/Hello Bob/);
  await writeFile(join(folder, "main.js"), code("Servus"));
  await one.until(/reloaded in/);
  await one.until(/Servus Ada/);
  const other = await paddock(["call", "acme/draft", "greet", '"Eve"', "--home", home]);
  expect(other.stdout).toBe("Servus Eve\n");
  expect((await one.end("SIGINT")).status).toBe(0);
});

it("shows where a syntax error is, and the version before goes on", async () => {
  const one = start();
  await one.until(/loaded in/);
  await writeFile(join(folder, "main.js"), `${code("Broken")}\nlet let = (`);
  await one.until(/main\.js:\d+:\d+[\s\S]*BUNDLE_FAILED[\s\S]*goes on as it was/);
  one.child.stdin?.write('greet "Ada"\n');
  await one.until(/Hello Ada/);
  await writeFile(join(folder, "main.js"), code("Mended"));
  await one.until(/reloaded in/);
  one.child.stdin?.write('greet "Ada"\n');
  await one.until(/Mended Ada/);
});

it("starts with a plugin that is broken, and goes on once it is mended", async () => {
  await writeFile(join(folder, "plugin.json"), "{");
  const one = start("--call", 'greet "Ada"');
  await one.until(/MANIFEST_INVALID/);
  await writeFile(join(folder, "plugin.json"), JSON.stringify(MANIFEST));
  await one.until(/Hello Ada/);
});

it("prints a denial as it happens, under the walls and rights of production", async () => {
  const one = start("--call", "denied");
  await one.until(/denied .*events\.publish.* CAPABILITY_NOT_DECLARED/);
});

it("--inspect runs without walls under the development preset only, and says so", async () => {
  const refused = await paddock(["dev", folder, "--home", home, "--inspect", "0"]);
  expect(refused).toMatchObject({ status: 64, stdout: "" });
  expect(refused.stderr).toContain('under the preset "production"');
  const input = 'greet "Ada"\n';
  const args = ["dev", folder, "--home", home, "--preset", "development", "--inspect", "0"];
  const inspected = await paddock(args, { input });
  expect(inspected).toMatchObject({ status: 0, stdout: "Hello Ada\n" });
  expect(inspected.stderr).toMatch(/THERE ARE NO WALLS[\s\S]*Debugger listening on ws:\/\/127\.0\.0\.1:/);
  expect(await readFile(join(folder, "main.js"), "utf8")).toBe(code("Hello"));
});
