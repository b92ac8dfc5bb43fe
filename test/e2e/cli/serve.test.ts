import { execFileSync } from "node:child_process";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type Finished,
  makeFolder,
  paddock,
  paddockOnTerminal,
  startPaddock,
  writeFiles,
} from "./paddock.ts";
import { type ServingCommand, startServing } from "./serving.ts";

/** Each line is a process of its own, on a machine that may be busy. */
vi.setConfig({ testTimeout: 90_000 });

const KEEPER = "acme/keeper";
const MANIFEST = {
  manifest: 1,
  id: KEEPER,
  version: "1.0.0",
  title: "Keeper",
  runtime: { kind: "node", entry: "main.js" },
  actions: {
    echo: {},
    keep: {},
    wait: {},
    say: {},
    refuse: { errors: { NOT_TODAY: "It is closed." } },
    bytes: {},
    fall: {},
  },
};
const CODE = `
import { writeFileSync } from "node:fs";
import { definePlugin, fail } from "@paddock/sdk";
export default definePlugin({ actions: {
  echo: (input) => input,
  keep: (text) => writeFileSync("/data/kept.txt", text),
  wait: (ms, ctx) => new Promise((resolve) => {
    ctx.log.info("waiting");
    setTimeout(resolve, ms, "waited");
  }),
  say: (text, ctx) => { ctx.log.info(text); },
  refuse: () => { throw fail("NOT_TODAY"); },
  bytes: () => new Uint8Array([0, 255, 27, 91]),
  fall: () => process.exit(9),
} });`;

let root: Awaited<ReturnType<typeof makeFolder>>;
let home: string;
let plugins: string;
let serving: ServingCommand | undefined;

beforeAll(async () => {
  root = await makeFolder();
  home = join(root.path, "home");
  plugins = join(root.path, "plugins");
  await writeFiles(plugins, {
    "keeper/plugin.json": JSON.stringify(MANIFEST),
    "keeper/main.js": CODE,
    "broken/plugin.json": "{",
    "notes.txt": "no plugin",
  });
});
afterEach(async () => {
  await serving?.end();
  serving = undefined;
});
afterAll(() => root.remove());

async function serve(...more: readonly string[]): Promise<ServingCommand> {
  serving = startServing(["serve", "--home", home, "--plugins", plugins, ...more]);
  await serving.until(/Serving|"socket"/);
  return serving;
}

const ask = (...args: readonly string[]): Promise<Finished> => paddock([...args, "--home", home]);
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await ask(...args, "--json")).stdout);

describe("paddock serve", () => {
  it("lists what it loaded and what it could not, and where it can be reached", async () => {
    const { said, until } = await serve();
    await until(/broken is not loaded/);
    expect(said()).toMatch(/✓ acme\/keeper 1\.0\.0/);
    expect(said()).toMatch(/broken is not loaded:\s+error: Cannot read plugin\.json/);
    expect(said()).toContain(join(home, "control", "paddock.sock"));
    expect(await json("ps")).toMatchObject({
      plugins: [{ id: KEEPER, state: "installed" }],
      notLoaded: [{ folder: join(plugins, "broken"), error: { code: "MANIFEST_INVALID" } }],
    });
  });

  it("says why a guest ended, among the lines of the log", async () => {
    const { until } = await serve();
    await ask("call", KEEPER, "fall");
    await until(/acme\/keeper ended CRASHED {2}it ended with exit code 9/);
  });

  it("lets the calls that run end at the first signal, and leaves nothing", async () => {
    const host = await serve();
    const call = startPaddock(["call", KEEPER, "wait", "700", "--home", home]);
    let answer = "";
    call.stdout?.on("data", (chunk) => {
      answer += chunk;
    });
    const ended = new Promise<number | null>((resolve) => call.once("close", resolve));
    await host.until(/info +waiting/);
    expect((await host.end("SIGTERM")).status).toBe(0);
    expect(await ended).toBe(0);
    expect(answer.trim()).toBe("waited");
    expect(await readdir(join(home, "control"))).toEqual([]);
  });

  it("does not wait at the second signal", async () => {
    const host = await serve();
    const call = startPaddock(["call", KEEPER, "wait", "60000", "--home", home]);
    const ended = new Promise((resolve) => call.once("close", resolve));
    await host.until(/info +waiting/);
    host.child.kill("SIGINT");
    const { status } = await host.end("SIGINT");
    // Both signals may arrive as one; then it drains, and the call is the last that keeps it.
    expect([0, 130]).toContain(status);
    await ended;
  });

  it("takes home and plugins from the configuration, and so do the commands that speak to it", async () => {
    const config = join(root.path, "config");
    const other = join(root.path, "home-of-config");
    await writeFiles(config, { "paddock.config.json": JSON.stringify({ home: other, serve: { plugins } }) });
    serving = startServing(["serve", "--config", config, "--json"]);
    await serving.until(/"socket"/);
    expect(JSON.parse(serving.said())).toMatchObject({ home: other, plugins: [{ id: KEEPER }] });
    const { stdout } = await paddock(["call", KEEPER, "echo", "7", "--config", config]);
    expect(stdout).toBe("7\n");
  });

  it("keeps a plugin in quarantine that falls again and again, until it is released", async () => {
    const config = join(root.path, "strict");
    const written = { home, serve: { plugins }, defaults: { restart: { crashes: 2 } } };
    await writeFiles(config, { "paddock.config.json": JSON.stringify(written) });
    serving = startServing(["serve", "--config", config]);
    await serving.until(/Serving/);
    await ask("call", KEEPER, "fall");
    await ask("call", KEEPER, "fall");
    expect(await ask("call", KEEPER, "echo", "1")).toMatchObject({
      status: 69,
      stderr: expect.stringContaining(`paddock release ${KEEPER}`),
    });
    expect(await json("ps")).toMatchObject({ plugins: [{ state: "quarantined" }] });
    expect(serving.said()).toContain(`${KEEPER} quarantined`);
    expect(await ask("release", KEEPER)).toMatchObject({ status: 0 });
    expect(await json("call", KEEPER, "echo", "1")).toBe(1);
  });

  it("says that the folder of its plugins is not there", async () => {
    expect(await ask("serve", "--plugins", join(root.path, "nowhere"))).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("there is no such folder"),
    });
  });

  it("refuses a home that another host serves", async () => {
    await serve();
    const second = await paddock(["serve", "--home", home, "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "HOME_IN_USE" } });
    expect(second.status).toBe(75);
  });

  it("takes the place of one that was killed", async () => {
    const first = await serve();
    await ask("call", KEEPER, "echo", "1");
    await first.end("SIGKILL");
    expect((await ask("ps")).status).toBe(69);
    await serve();
    expect((await ask("call", KEEPER, "echo", "2")).stdout).toBe("2\n");
  });
});

describe("without a host, every command that speaks to one", () => {
  it.each([
    ["call", KEEPER, "echo"],
    ["ps"],
    ["top", "--once"],
    ["logs"],
    ["suspend", KEEPER],
    ["release", KEEPER],
    ["load", "."],
    ["unload", KEEPER],
    ["data", "show", KEEPER],
    ["data", "clear", KEEPER, "--yes"],
  ])("%s %s says HOST_UNREACHABLE and what to do, with status 69", async (...args) => {
    const { status, stdout } = await paddock([...args, "--home", join(root.path, "nowhere"), "--json"]);
    expect(status).toBe(69);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "HOST_UNREACHABLE", hint: expect.stringContaining("paddock serve") },
    });
  });
});

describe("against a host", () => {
  it("call prints the answer, and exits as the table of errors says", async () => {
    await serve();
    expect(await ask("call", KEEPER, "echo", '{"a":"\\u001b[2J"}')).toMatchObject({ status: 0 });
    expect(await json("call", KEEPER, "echo", '{"a":[1]}')).toEqual({ a: [1] });
    expect(await ask("call", KEEPER, "refuse")).toMatchObject({ status: 1 });
    expect(await ask("call", KEEPER, "wait", "60000", "--timeout", "300ms")).toMatchObject({ status: 124 });
    expect(await ask("call", "acme/none", "echo")).toMatchObject({ status: 66 });
    expect(await ask("call", KEEPER, "echo", "{")).toMatchObject({ status: 64 });
    const input = await paddock(["call", KEEPER, "echo", "-", "--home", home], { input: '"piped"' });
    expect(input.stdout).toBe("piped\n");
    await writeFile(join(root.path, "in.json"), '"from a file"');
    expect((await ask("call", KEEPER, "echo", `@${join(root.path, "in.json")}`)).stdout).toBe(
      "from a file\n",
    );
  });

  it("call writes bytes as they are to a pipe, and never to a terminal", async () => {
    await serve();
    expect(await json("call", KEEPER, "bytes")).toEqual({ bytes: 4, base64: "AP8bWw==" });
    const shown = await paddockOnTerminal(["call", KEEPER, "bytes", "--home", home]);
    expect(shown.stdout).toContain("4 B of bytes");
    expect(shown.stdout).not.toContain("\u001b[\u0000");
  });

  it("ps, top and logs tell what goes on, with a plugin's words made harmless", async () => {
    await serve();
    await ask("call", KEEPER, "say", '"one\\u001b[31m\\ntwo"');
    expect((await ask("ps")).stdout).toMatch(/acme\/keeper +1\.0\.0 +ready +1 /);
    expect((await ask("ps", KEEPER)).stdout).toContain("Keeper");
    expect((await ask("top")).stdout).toMatch(/acme\/keeper +main +\d+ +ready/);
    expect(await json("top", "--once")).toMatchObject({
      plugins: [{ id: KEEPER, guests: [{ tenant: "main" }] }],
    });
    expect((await ask("logs", KEEPER)).stdout).toMatch(
      /^\d\d:\d\d:\d\d acme\/keeper info {3}one\\u\{1b\}\[31m\\u\{a\}two\n$/,
    );
    const lines = (await ask("logs", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ plugin: KEEPER, level: "info" }]);
  });

  it("logs --follow goes on until it is stopped", async () => {
    await serve();
    const follower = startServing(["logs", "-f", "-n", "0", "--home", home]);
    while (!follower.said().includes("seen")) await ask("call", KEEPER, "say", '"seen"');
    expect(await follower.end("SIGINT")).toMatchObject({ status: 0 });
  });

  it("suspend, resume, restart, reload, unload and load change it", async () => {
    await serve();
    await ask("call", KEEPER, "echo");
    expect(await json("suspend", KEEPER)).toMatchObject({ state: "suspended" });
    expect((await ask("call", KEEPER, "echo")).status).toBe(75);
    expect(await json("resume", KEEPER)).toMatchObject({ state: "ready" });
    expect((await ask("call", KEEPER, "echo", "1")).stdout).toBe("1\n");
    expect(await ask("restart", KEEPER)).toMatchObject({ status: 0 });
    await writeFile(join(plugins, "keeper/plugin.json"), JSON.stringify({ ...MANIFEST, version: "1.1.0" }));
    expect(await json("reload", KEEPER)).toMatchObject({ version: "1.1.0" });
    expect(await ask("unload", KEEPER)).toMatchObject({ status: 0 });
    expect((await ask("call", KEEPER, "echo")).status).toBe(66);
    expect(await json("load", join(plugins, "keeper"))).toMatchObject({ id: KEEPER });
    expect((await ask("load", join(plugins, "broken"))).status).toBe(65);
  });

  it("data shows, exports and clears what a plugin keeps", async () => {
    await serve();
    await ask("call", KEEPER, "keep", '"kept"', "--tenant", "shop");
    expect((await ask("data", "show", KEEPER, "--tenant", "shop")).stdout).toMatch(
      /4 B +kept\.txt\n1 entries, 4 B/,
    );
    const file = join(root.path, "out.tar");
    expect(await ask("data", "export", KEEPER, "--tenant", "shop", "-o", file)).toMatchObject({ status: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(execFileSync("tar", ["-xOf", file, "data/kept.txt"], { encoding: "utf8" })).toBe("kept");
    expect((await ask("data", "export", KEEPER, "-o", file)).status).toBe(64);
    expect((await ask("data", "clear", KEEPER, "--tenant", "shop")).status).toBe(64);
    expect(await ask("data", "clear", KEEPER, "--tenant", "shop", "--yes")).toMatchObject({ status: 0 });
    expect(await json("data", "show", KEEPER, "--tenant", "shop")).toMatchObject({ fileCount: 0 });
  });

  it("says what to do where a command needs the home that a host serves", async () => {
    await serve();
    const { status, stderr } = await ask("run", join(plugins, "keeper"), "echo");
    expect(status).toBe(75);
    expect(stderr).toContain("HOME_IN_USE");
  });
});

it("makes no folder for a home it only asks about", async () => {
  await mkdir(join(root.path, "empty"));
  await ask("ps", "--home", join(root.path, "empty", "home"));
  expect(await readdir(join(root.path, "empty"))).toEqual([]);
});
