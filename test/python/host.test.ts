import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type GuestLog, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FolderContent, writeFolder } from "../plugins/bundle-folders/write-folder.js";

let home = "";
let host: Host;
let count = 0;
const logs: GuestLog[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-python-host-"));
  host = await createHost({ home: join(home, "host"), onLog: (log) => logs.push(log) });
});
afterAll(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

/** Loads a plugin with one action `run`; returns its id. */
async function load(
  main: string,
  more: { readonly runtime?: string; readonly rest?: string; readonly files?: FolderContent } = {},
) {
  count += 1;
  const id = `tests/python-${count}`;
  const folder = await writeFolder(join(home, `plugin-${count}`), {
    "plugin.yaml": `manifest: 1\nid: ${id}\nversion: 1.0.0\nruntime: { kind: python, entry: main.py${more.runtime ?? ""} }\nactions: { run: { errors: { ODD: Odd. } } }\n${more.rest ?? ""}`,
    "main.py": main,
    ...more.files,
  });
  await host.load(folder);
  return id;
}

describe("a Python plugin behind all walls", () => {
  it("keeps values and files per tenant, over the end of its guest", async () => {
    const id = await load(
      `from paddock import action
@action
def run(x, ctx):
    with open("/data/log", "a") as log: log.write(x)
    ctx.kv.set("n", ctx.kv.get("n", 0) + 1)
    return [open("data/log").read(), ctx.kv.get("n"), ctx.tenant]`,
      { rest: "permissions: { required: [{ use: storage.kv, max: 1MB }] }" },
    );
    expect(await host.call(id, "run", "a", { tenant: "one" })).toEqual(["a", 1, "one"]);
    expect(await host.call(id, "run", "b", { tenant: "two" })).toEqual(["b", 1, "two"]);
    await host.load(join(home, `plugin-${count}`));
    expect(await host.call(id, "run", "c", { tenant: "one" })).toEqual(["ac", 2, "one"]);
  });

  it("stands behind the same walls as any other, read back from the kernel", async () => {
    const id = await load("from paddock import action\n@action\ndef run(x): return x");
    await host.call(id, "run", 1);
    const [guest] = await host.posture(id);
    const names = guest?.posture.walls.map(({ name }) => name) ?? [];
    expect(names).toEqual(expect.arrayContaining(["root-file-system", "resource-limits", "scratch", "data"]));
    expect(JSON.stringify(guest)).toMatch(/filter 2|seccomp/i);
  });

  it("runs the class of the older framework unchanged", async () => {
    const id = await load(`class Plugin:
    async def handle(self, action, payload):
        return {"status": "ok", "action": action, "sum": sum(payload)}`);
    expect(await host.call(id, "run", [1, 2, 3])).toEqual({ status: "ok", action: "run", sum: 6 });
  });

  it("has its declared errors, its bugs without a traceback, and the traceback in its log", async () => {
    const id = await load(`from paddock import action, fail
@action
def run(x):
    if x: raise fail("ODD", "It is odd.", {"x": x})
    return {}["secret"]`);
    await expect(host.call(id, "run", 1)).rejects.toMatchObject({
      code: "PLUGIN_ERROR",
      data: { pluginCode: "ODD", details: { x: 1 } },
    });
    const bug = await host.call(id, "run", 0).catch((error: unknown) => error);
    expect(bug).toMatchObject({ code: "PLUGIN_BUG" });
    expect(String(bug)).toMatch(/KeyError: 'secret'/);
    expect(String(bug)).not.toContain("main.py");
    await expect
      .poll(() => logs.some(({ plugin, message }) => plugin === id && message.includes("/plugin/main.py")))
      .toBe(true);
  });

  it("starts when its imports are named, and says which is not", async () => {
    const code =
      "import json, math\nfrom paddock import action\n@action\ndef run(x): return math.floor(json.loads(x))";
    expect(await host.call(await load(code, { runtime: ", imports: [json, math]" }), "run", "2.5")).toBe(2);
    await expect(
      host.call(await load(code, { runtime: ", imports: [json]" }), "run", "2.5"),
    ).rejects.toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining('Add "math" to runtime.imports.'),
    });
  });

  it("is refused without an interpreter", async () => {
    const other = await createHost({
      home: join(home, "without"),
      interpreter: { python: "/nowhere/python3" },
    });
    try {
      await expect(other.load(join(home, "plugin-1"))).rejects.toMatchObject({
        code: "SETUP_FAILED",
        message: 'Cannot run Python plugins with "/nowhere/python3": no such file.',
      });
    } finally {
      await other.close();
    }
  });

  it("is the same plugin whether Python ran in its folder or not", async () => {
    const files = { "helper.py": "x = 1\n" };
    const main = "import helper\nfrom paddock import action\n@action\ndef run(x): return helper.x";
    const first = await load(main, { files });
    const folder = join(home, `plugin-${count}`);
    await writeFolder(folder, {
      "__pycache__/helper.cpython-311.pyc": "stale",
      "sub/__pycache__/x.pyc": "x",
    });
    const digest = host.plugins().find(({ id }) => id === first)?.digest;
    expect((await host.load(folder)).digest).toBe(digest);
    expect(await host.call(first, "run", 0)).toBe(1);
  });

  it("runs asyncio with loops of its own, though no sockets can be made", async () => {
    const id = await load(`import asyncio
from paddock import action
@action
def run(x):
    async def work():
        return await asyncio.wait_for(asyncio.to_thread(lambda: x + 1), 5)
    return asyncio.run(work())`);
    expect(await host.call(id, "run", 1)).toBe(2);
  });
});

describe("high security", () => {
  it("runs Python in a fresh guest for each call", async () => {
    const strict = await createHost({
      home: join(home, "strict"),
      preset: "high-security",
      require: [],
    }).catch((error: { code: string }) => error.code);
    // A machine without every mechanism refuses that preset, which other tests are about.
    if (typeof strict === "string") {
      expect(strict).toBe("SETUP_FAILED");
      return;
    }
    try {
      await strict.load(
        await writeFolder(join(home, "fresh"), {
          "plugin.yaml":
            "manifest: 1\nid: tests/fresh\nversion: 1.0.0\nruntime: { kind: python, entry: main.py }\nactions: { run: {} }\n",
          "main.py":
            "from paddock import action\nseen = []\n@action\ndef run(x):\n    seen.append(x)\n    return len(seen)",
        }),
      );
      for (const _ of [1, 2]) expect(await strict.call("tests/fresh", "run", 0)).toBe(1);
    } finally {
      await strict.close();
    }
  });
});
