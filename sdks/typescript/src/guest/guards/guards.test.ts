import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkshop } from "../../../../../test/conformance/vectors/guest-process.js";

let workshop: Awaited<ReturnType<typeof createWorkshop>>;

beforeAll(async () => {
  workshop = await createWorkshop();
});

afterAll(() => workshop.close());

describe("importing what a plugin cannot use is refused with the capability to ask for", () => {
  test.each([
    ['import cp from "node:child_process"; console.log(cp);', "process.spawn"],
    ['import { exec } from "child_process"; exec("id");', "process.spawn"],
    ['await import("cluster");', "process.spawn"],
    [
      'import { createRequire } from "node:module"; createRequire("/tmp/x.js")("child_process");',
      "process.spawn",
    ],
    ['process.getBuiltinModule("node:child_process");', "process.spawn"],
    ['import { Worker } from "node:worker_threads"; console.log(Worker);', "worker.spawn"],
  ])("%s", async (statement, capability) => {
    const message = await startFailure(statement);
    expect(message).toContain("in a plugin: it needs a permission.");
    expect(message).toContain(`Add "- { use: ${capability}, `);
    expect(message).toMatch(/ under permissions\.required\.$/);
  });

  test.each([
    'import x from "inspector"; console.log(x);',
    'import x from "node:inspector/promises"; console.log(x);',
    'await import("node:test");',
  ])("%s, which nothing allows", async (statement) => {
    expect(await startFailure(statement)).toContain("no capability allows it");
  });

  test("a granted capability lets the module through", async () => {
    const entry = await workshop.bundle(
      "granted",
      source('import { Worker } from "node:worker_threads";', "() => Worker.name"),
    );
    const guest = workshop.start();
    expect(await guest.initialize(entry, { permissions: { "worker.spawn": {} } })).toHaveProperty("result");
    guest.hangUp();
    await guest.ended;
  });
});

describe("what reaches out of the walls is refused when it is used", () => {
  test.each([
    [
      'await fetch("https://evil.example/x")',
      "net.fetch",
      'Cannot send a request to "https://evil.example/x"',
    ],
    ['new WebSocket("wss://evil.example")', "net.connect", 'Cannot connect to "wss://evil.example"'],
    ['http.get("http://evil.example")', "net.fetch", 'Cannot send a request to "http://evil.example"'],
    ['https.request({ host: "evil.example", port: 443 })', "net.fetch", '"evil.example"'],
    ['http2.connect("https://evil.example")', "net.fetch", "https://evil.example"],
    ['net.connect(80, "evil.example")', "net.connect", "Cannot connect to"],
    ["tls.connect(443)", "net.connect", "Cannot connect to"],
    ['dgram.createSocket("udp4")', "net.connect", "Cannot connect to"],
    ['await dns.promises.lookup("evil.example")', "net.resolve", 'Cannot look up "evil.example"'],
    ['await dnsPromises.resolve4("evil.example")', "net.resolve", 'Cannot look up "evil.example"'],
    ['await new Promise((_, no) => dns.lookup("evil.example", {}, no))', "net.resolve", '"evil.example"'],
    [
      'await new Promise((_, no) => new net.Socket().once("error", no).connect(80))',
      "net.connect",
      "Cannot connect",
    ],
    ["net.createServer().listen(0)", "", "no capability allows it"],
    ["process.kill(1, 0)", "", "process.kill() of other processes"],
    ['process.binding("fs")', "", "process.binding()"],
    ['process.dlopen({}, "/tmp/x.node")', "", "process.dlopen()"],
  ])("%s", async (code, capability, words) => {
    const thrown = await callThrowing(code);
    expect(thrown).toMatchObject({
      name: "PermissionError",
      capability,
      message: expect.stringContaining(words),
    });
  });
});

describe("a path outside the plugin's own places is refused with the capability to ask for", () => {
  test.each([
    ['fs.readFileSync("/etc/passwd")', "fs.read", "/etc/passwd"],
    ['fs.readFileSync(new URL("file:///etc/passwd"))', "fs.read", "/etc/passwd"],
    ['fs.readFileSync("/data/../etc//passwd", "utf8")', "fs.read", "/etc/passwd"],
    ['fs.readdirSync("/")', "fs.read", "/"],
    ['fs.openSync("/etc/passwd", "r")', "fs.read", "/etc/passwd"],
    ['fs.openSync("/etc/new", "a")', "fs.write", "/etc/new"],
    ['fs.openSync("/etc/new", fs.constants.O_RDWR)', "fs.write", "/etc/new"],
    ['await fsPromises.readFile("/etc/shadow")', "fs.read", "/etc/shadow"],
    ['await fsPromises.writeFile("/etc/new", "")', "fs.write", "/etc/new"],
    ['await fs.promises.rename("/tmp/a", "/etc/b")', "fs.write", "/etc/b"],
    ['fs.copyFileSync("/etc/passwd", "/tmp/b")', "fs.read", "/etc/passwd"],
    ['await new Promise((_, no) => fs.stat("/root", no))', "fs.read", "/root"],
    [
      'await new Promise((_, no) => fs.createReadStream("/etc/passwd").once("error", no))',
      "fs.read",
      "/etc/passwd",
    ],
    ['fs.writeFileSync("/plugin/main.js", "")', "fs.write", "/plugin/main.js"],
  ])("%s", async (code, capability, path) => {
    expect(await callThrowing(code)).toMatchObject({
      name: "PermissionError",
      code: "EACCES",
      capability,
      path,
      message: expect.stringContaining(
        `Add "- { use: ${capability}, paths: ["${path}"], reason: "…" }" under permissions.required.`,
      ),
    });
  });

  test("its own places are not, and the system's own errors stay what they are", async () => {
    const result = await callThrowing(`
      fs.writeFileSync("/tmp/paddock-guard-test", "x"); fs.unlinkSync("/tmp/paddock-guard-test");
      fs.readdirSync("."); fs.realpathSync.native("."); fs.existsSync("/etc/passwd");
      fs.closeSync(fs.openSync("/dev/null", "w"));
      fs.readFileSync("/tmp/no-such-file-of-paddock")`);
    expect(result).toMatchObject({ name: "Error", code: "ENOENT" });
  });
});

test("Node's own permission model speaks the same words, with and without the guards", async () => {
  const flags = ["--permission", `--allow-fs-read=${workshop.folder}`];
  const entry = await workshop.bundle(
    "permission",
    source('import fs from "node:fs";', '() => fs.readFileSync("/etc/passwd")'),
  );
  for (const guards of [true, false]) {
    const guest = workshop.start(flags);
    expect(await guest.initialize(entry, { guards })).toHaveProperty("result");
    guest.send({ id: 2, method: "call", params: { action: "run", payload: null } });
    expect(await guest.next()).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^PermissionError: .*Cannot read "\/etc\/passwd".* use: fs\.read, paths: \["\/etc\/passwd"\], reason: "…"/,
        ),
        data: { code: "PLUGIN_BUG", capability: "fs.read", denial: "EACCES" },
      },
    });
    guest.hangUp();
    await guest.ended;
  }
});

test("without the guards the modules are as Node made them", async () => {
  const entry = await workshop.bundle(
    "unguarded",
    source('import { spawnSync } from "node:child_process";', "() => typeof spawnSync"),
  );
  const guest = workshop.start();
  expect(await guest.initialize(entry, { guards: false })).toHaveProperty("result");
  guest.hangUp();
  await guest.ended;
});

let lastName = 0;

/** The message of START_FAILED for a plugin that begins with this statement. */
async function startFailure(statement: string): Promise<string> {
  const guest = workshop.start();
  const reply = await guest.initialize(
    await workshop.bundle(`import-${++lastName}`, source(statement, "() => 1")),
  );
  guest.hangUp();
  await guest.ended;
  expect(reply).toMatchObject({ error: { data: { code: "START_FAILED" } } });
  return (reply as { readonly error: { readonly message: string } }).error.message;
}

/** What code threw inside an action, field by field. */
async function callThrowing(code: string): Promise<unknown> {
  const imports = ["dgram", "dns", "fs", "http", "http2", "https", "net", "tls"]
    .map((name) => `import ${name} from "node:${name}";`)
    .join(" ");
  const more = 'import dnsPromises from "node:dns/promises"; import fsPromises from "fs/promises";';
  const body = `async () => {
    try { ${code}; } catch (error: any) {
      const { name, message, code, capability, path } = error;
      return { name, message, code, capability, path };
    }
  }`;
  const guest = workshop.start();
  const entry = await workshop.bundle(`use-${++lastName}`, source(`${imports} ${more}`, body));
  expect(await guest.initialize(entry)).toHaveProperty("result");
  guest.send({ id: 2, method: "call", params: { action: "run", payload: null } });
  const reply = await guest.next();
  guest.hangUp();
  await guest.ended;
  return (reply as { readonly result: unknown }).result;
}

function source(imports: string, run: string): string {
  return `${imports}\nimport { definePlugin } from "@paddock/sdk";\nexport default definePlugin({ actions: { run: ${run} } });\n`;
}
