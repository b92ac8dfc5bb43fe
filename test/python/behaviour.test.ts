import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GuestProcess } from "../conformance/vectors/guest-process.js";
import { createPythonWorkshop, type PythonWorkshop } from "./python-guest.js";

let workshop: PythonWorkshop;

beforeAll(async () => {
  workshop = await createPythonWorkshop();
});
afterAll(() => workshop.close());

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data: Record<string, unknown> };
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

async function call(guest: GuestProcess, action: string, payload: unknown = null, id = 2): Promise<Reply> {
  guest.send({ id, method: "call", params: { action, payload } });
  // Safe: a guest's message is one of these, and what is compared is said by each test.
  return (await guest.next()) as Reply;
}

async function end(guest: GuestProcess) {
  guest.hangUp();
  return guest.ended;
}

const actions = (source: string) => `from paddock import *\nimport time\n${source}`;

describe("what a Python action raises or returns", () => {
  it.each([
    ["exit", "raise SystemExit(3)", "PLUGIN_BUG", "SystemExit: 3"],
    ["interrupt", "raise KeyboardInterrupt", "PLUGIN_BUG", "KeyboardInterrupt"],
    ["recursion", "return run(x)", "PLUGIN_BUG", "RecursionError: maximum recursion depth exceeded"],
    ["memory", "raise MemoryError", "MEMORY_LIMIT", "MemoryError"],
    ["full disk", "raise OSError(28, 'No space left on device')", "DISK_LIMIT", "No space left"],
    ["NaN", "return float('nan')", "PLUGIN_BUG", "NaN and infinity are not JSON"],
    ["infinity", "return [1e400]", "PLUGIN_BUG", "NaN and infinity are not JSON"],
    ["a set", "return {1, 2}", "PLUGIN_BUG", "a value of type set is not JSON: return a list"],
    ["a huge integer", "return {'n': 2**53}", "PLUGIN_BUG", "an integer beyond 2^53 is not exact"],
    ["a very huge integer", "return 10**5000", "PLUGIN_BUG", "Cannot send the result"],
    ["a cycle", "x = []; x.append(x); return x", "PLUGIN_BUG", "a value of it contains itself"],
    [
      "deep nesting",
      "v = []\n    for _ in range(100000): v = [v]\n    return v",
      "PLUGIN_BUG",
      "nested too deeply",
    ],
    ["an object", "return object()", "PLUGIN_BUG", "type object is not JSON"],
    ["keys that are no text", "return {(1, 2): 3}", "PLUGIN_BUG", "keys must be str"],
    ["bytes without a place for them", "return b'x'", "PLUGIN_BUG", "type bytes is not JSON"],
    [
      "a nameless error",
      "class Odd(Exception):\n        def __str__(self): raise ValueError\n    raise Odd",
      "PLUGIN_BUG",
      "an error that cannot be described",
    ],
    [
      "a missing await",
      "async def f(): pass\n    return [f()]",
      "PLUGIN_BUG",
      "coroutine is not JSON: an await is missing",
    ],
    [
      "control characters",
      "raise ValueError('a\\x1b[31m\\u202eb\\nsecond')",
      "PLUGIN_BUG",
      "ValueError: a\\u001b[31m\\u202eb",
    ],
    ["details that are no JSON", "raise fail('A', 'b', {1})", "PLUGIN_ERROR", "b"],
  ])("%s is typed, and the guest goes on", async (_, body, code, message) => {
    const guest = await workshop.start({
      main: actions(`@action\ndef run(x):\n    ${body}\n@action\ndef well(x): return x`),
    });
    const { error } = await call(guest, "run", 1);
    expect(error?.data.code).toBe(code);
    expect(error?.message).toContain(message);
    expect(JSON.stringify(error)).not.toMatch(/Traceback|main\.py|second/);
    expect(await call(guest, "well", 5, 3)).toMatchObject({ id: 3, result: 5 });
    const { code: status, stderr } = await end(guest);
    expect(status).toBe(0);
    if (code === "PLUGIN_BUG" && !message.includes("JSON") && /^raise/.test(body)) {
      expect(stderr).toContain('main.py", line 5, in run');
      expect(stderr).not.toContain("_guest/conversation.py");
    }
  });

  it.each([
    ["2**53 - 1", 2 ** 53 - 1],
    ["'\\ud800 \\U0001F40E'", "\ud800 🐎"],
    ["{2: 'a', None: 2, True: 3}", { 2: "a", null: 2, true: 3 }],
    ["(1, [2.5, 1e100])", [1, [2.5, 1e100]]],
    ["'1234567890123456789'", "1234567890123456789"],
    ["0.1234567890123456789", 0.12345678901234568],
    ["__import__('collections').OrderedDict(b=1, a=2)", { b: 1, a: 2 }],
  ])("%s arrives as it is", async (source, value) => {
    const guest = await workshop.start({ main: actions(`@action\ndef run(x): return ${source}`) });
    expect((await call(guest, "run")).result).toEqual(value);
    await end(guest);
  });

  it("print() is a line of the log at once, whatever it prints", async () => {
    const guest = await workshop.start({
      main: actions("@action\ndef run(x):\n    print('\\ud800', 'é')\n    __import__('os')._exit(4)"),
    });
    guest.send({ id: 2, method: "call", params: { action: "run", payload: null } });
    expect(await guest.ended).toMatchObject({ code: 4, stdout: "\\ud800 é\n" });
  });
});

describe("a Python guest that is busy", () => {
  it.each([
    ["sleeps in a function", "def run(x): time.sleep(x)"],
    [
      "computes in a function",
      "def run(x):\n    until = time.monotonic() + x\n    while time.monotonic() < until: pass",
    ],
    ["sleeps in a coroutine", "async def run(x):\n    import asyncio\n    await asyncio.sleep(x)"],
    [
      "sleeps in a function beside coroutines",
      "def run(x): time.sleep(x)\n@action\nasync def other(x): pass",
    ],
  ])("answers pings and other calls while it %s", async (_, source) => {
    const guest = await workshop.start({
      main: actions(`@action\ndef well(x): return x\n@action\n${source}`),
    });
    guest.send({ id: 2, method: "call", params: { action: "run", payload: 1 } });
    guest.send({ id: 3, method: "ping", params: {} });
    expect(await guest.next()).toEqual({ jsonrpc: "2.0", id: 3, result: { ready: true } });
    expect(await call(guest, "well", 7, 4)).toMatchObject({ id: 4, result: 7 });
    expect(await guest.next()).toMatchObject({ id: 2, result: null });
    await end(guest);
  });

  it("cancels coroutines by CancelledError, functions by their signal", async () => {
    const guest = await workshop.start({
      main: actions(`import asyncio
@action
async def sleeps(x):
    try: await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("tidied"); raise
@action
def listens(x, ctx):
    if ctx.signal.wait(60): ctx.signal.raise_if_aborted()
@action
def finishes(x, ctx):
    ctx.signal.wait()
    return "anyway"`),
    });
    for (const [id, action] of ["sleeps", "listens", "finishes"].entries()) {
      guest.send({ id: id + 2, method: "call", params: { action, payload: null } });
      guest.send({ method: "$/cancel", params: { id: id + 2 } });
      const reply = (await guest.next()) as Reply;
      expect(reply.error?.data.code ?? reply.result).toBe(action === "finishes" ? "anyway" : "CANCELLED");
    }
    expect((await end(guest)).stdout).toBe("tidied\n");
  });

  it("runs more calls at a time than it has threads for, and answers each once", async () => {
    const guest = await workshop.start(
      { main: actions("@action\ndef run(x, ctx):\n    time.sleep(0.02)\n    return ctx.kv.get(str(x))") },
      { limits: { messageBytes: 65_536, threads: 3 } },
    );
    const count = 40;
    for (let at = 0; at < count; at++) {
      guest.send({ id: 100 + at, method: "call", params: { action: "run", payload: at } });
    }
    const results = new Map<number, unknown>();
    while (results.size < count) {
      const { id = 0, method, params, result } = (await guest.next()) as Reply;
      if (method === undefined) results.set(id, result);
      else guest.send({ id, result: { value: params?.key } });
    }
    expect([...results].every(([id, result]) => result === String(id - 100))).toBe(true);
    await end(guest);
  });

  it("with one thread only, still serves the store in the middle of an action", async () => {
    const guest = await workshop.start(
      { main: actions("@action\ndef run(x, ctx): return ctx.kv.get('a')") },
      { limits: { messageBytes: 65_536, threads: 1 } },
    );
    guest.send({ id: 2, method: "call", params: { action: "run", payload: null } });
    guest.send({ id: 3, method: "call", params: { action: "run", payload: null } });
    for (let round = 1; round <= 2; round++) {
      expect(await guest.next()).toMatchObject({ id: round, method: "kv.get" });
      guest.send({ id: round, result: { value: round } });
      expect(await guest.next()).toMatchObject({ id: round + 1, result: round });
    }
    await end(guest);
  });
});

describe("hooks, events and context in Python", () => {
  it("runs init before the first call, and shutdown before the end", async () => {
    const guest = await workshop.start({
      main: actions(`seen = []
@init
def begin(ctx): seen.append([ctx.tenant, ctx.config, ctx.call])
@shutdown
def finish(): print("bye")
@action
def run(x): return seen`),
    });
    expect((await call(guest, "run")).result).toEqual([["main", { greeting: "hello" }, null]]);
    guest.send({ id: 9, method: "shutdown", params: {} });
    expect(await guest.next()).toMatchObject({ id: 9, result: {} });
    expect(await guest.ended).toMatchObject({ code: 0, stdout: "bye\n" });
  });

  it("init may use the store, and its failure is START_FAILED", async () => {
    const { guest, entry } = workshop.launch({
      main: actions(`@init
async def begin(ctx):
    if await ctx.kv.get("ready") != "yes": raise ValueError("not ready")
@action
def run(x): pass`),
    });
    const reply = guest.initialize(entry);
    expect(await reply).toEqual({
      jsonrpc: "2.0",
      id: 1,
      method: "kv.get",
      params: { key: "ready" },
    });
    guest.send({ id: 1, result: {} });
    expect(await guest.next()).toMatchObject({
      id: 1,
      error: { message: "ValueError: not ready", data: { code: "START_FAILED" } },
    });
    await end(guest);
  });

  it("hands out a copy of the configuration to each call", async () => {
    const guest = await workshop.start({
      main: actions(`@action
def run(x, ctx):
    ctx.config["greeting"] = ctx.config["greeting"] + "!"
    return ctx.config`),
    });
    for (const id of [2, 3])
      expect((await call(guest, "run", null, id)).result).toEqual({ greeting: "hello!" });
    await end(guest);
  });

  it("asks the health hook, and says no when it raises, refuses or hangs", async () => {
    const guest = await workshop.start({
      main: actions(`state = [True]
@health
def check():
    if state[0] == "raise": raise ValueError("ill")
    if state[0] == "hang": time.sleep(5)
    return state[0]
@action
def set(x): state[0] = x`),
    });
    for (const [id, [state, ready]] of [
      [true, true],
      [false, false],
      ["raise", false],
      [null, true],
      ["hang", false],
    ].entries()) {
      await call(guest, "set", state, 10 + id);
      guest.send({ id: 20 + id, method: "ping", params: { timeoutMs: 200 } });
      expect(await guest.next()).toMatchObject({ id: 20 + id, result: { ready } });
    }
    await end(guest);
  });

  it("handles events one at a time by exact topic, then the longest pattern", async () => {
    const guest = await workshop.start(
      {
        main: actions(`import asyncio
@on_event("orders.*")
async def any(payload, ctx):
    await asyncio.sleep(0.05)
    ctx.log.info("any", {"topic": ctx.topic, "from": ctx.sender, "payload": payload})
@on_event("orders.paid.*")
async def longer(payload, ctx): ctx.log.info("longer")
@on_event("orders.paid")
def exact(payload): raise ValueError("no")
@action
def run(x): pass`),
      },
      { permissions: { "events.subscribe": { topics: ["orders.*"] } } },
    );
    for (const [id, topic] of ["orders.made", "orders.paid.late", "orders.paid", "other"].entries()) {
      guest.send({ id: id + 2, method: "event", params: { topic, payload: 1, from: "acme/shop" } });
    }
    const fields = { topic: "orders.made", from: "acme/shop", payload: 1 };
    expect(await guest.next()).toMatchObject({ params: { call: 2, message: "any", fields } });
    expect(await guest.next()).toMatchObject({ id: 2, result: {} });
    expect(await guest.next()).toMatchObject({ params: { call: 3, message: "longer" } });
    expect(await guest.next()).toMatchObject({ id: 3, result: {} });
    expect(await guest.next()).toMatchObject({ id: 4, error: { data: { code: "PLUGIN_BUG" } } });
    expect(await guest.next()).toMatchObject({ id: 5, result: {} });
    await end(guest);
  });

  it("publishes, calls other plugins and tells progress, the newest last", async () => {
    const guest = await workshop.start({
      main: actions(`@action
def run(x, ctx):
    for step in range(50): ctx.progress(step / 49, "é" * 300)
    ctx.events.publish("made", {"a": 1})
    try: ctx.plugins.call("acme/other", "go", [1], timeout_ms=5)
    except HostError as error: return error.code`),
    });
    expect(await call(guest, "run")).toMatchObject({
      method: "progress",
      params: { call: 2, fraction: 0, message: "é".repeat(200) },
    });
    expect(await guest.next()).toMatchObject({
      id: 1,
      method: "events.publish",
      params: { call: 2, topic: "made", payload: { a: 1 } },
    });
    guest.send({ id: 1, result: {} });
    expect(await guest.next()).toMatchObject({
      id: 2,
      method: "plugin.call",
      params: { plugin: "acme/other", action: "go", payload: [1], timeoutMs: 5 },
    });
    guest.send({ id: 2, error: { code: -32000, message: "busy", data: { code: "OVERLOADED" } } });
    expect(await guest.next()).toMatchObject({ method: "progress", params: { fraction: 1 } });
    expect(await guest.next()).toMatchObject({ id: 2, result: "OVERLOADED" });
    await end(guest);
  });

  it("gives each call context variables of its own, beginning with what the import set", async () => {
    const guest = await workshop.start({
      main: actions(`import contextvars
value = contextvars.ContextVar("value")
value.set("import")
@action
def run(x):
    found = value.get()
    value.set(x)
    return found`),
    });
    for (const id of [2, 3]) expect((await call(guest, "run", id, id)).result).toBe("import");
    await end(guest);
  });

  it("warns of a handler that nothing will reach", async () => {
    const { guest, entry } = workshop.launch({
      main: actions('@on_event("orders.*")\ndef any(p): pass\n@action\ndef run(x): pass'),
    });
    expect(await guest.initialize(entry)).toMatchObject({
      method: "log",
      params: { level: "warn", message: expect.stringContaining('"orders.*" will come') },
    });
    expect(await guest.next()).toMatchObject({ id: 1, result: {} });
    await end(guest);
  });

  it("runs suspend and resume hooks", async () => {
    const guest = await workshop.start({
      main: actions(
        "@suspend\ndef pause(): print('pause')\n@resume\nasync def go_on(): print('go on')\n@action\ndef run(x): pass",
      ),
    });
    for (const method of ["suspend", "resume"]) {
      guest.send({ id: 5, method, params: {} });
      expect(await guest.next()).toMatchObject({ id: 5, result: {} });
    }
    expect((await end(guest)).stdout).toBe("pause\ngo on\n");
  });
});

describe("Python code of several files and shapes", () => {
  it.each([
    ["main.py", { "beside.py": "name = 'beside'" }, "from beside import name"],
    ["main.py", { "beside.py": "name = 'beside'" }, "from .beside import name"],
    [
      "src/main.py",
      { "src/beside.py": "name = 'beside'", "top.py": "" },
      "from .beside import name\nimport top",
    ],
    ["src/main.py", { "src/beside.py": "name = 'beside'" }, "from src.beside import name"],
    ["a/b/main.py", { "a/beside.py": "name = 'beside'", "a/__init__.py": "" }, "from ..beside import name"],
    ["pack/__init__.py", { "pack/beside.py": "name = 'beside'" }, "from .beside import name"],
  ])("imports its own files from %s (%j) with %j", async (entry, files, line) => {
    const source = `${line}\nfrom paddock import action\n@action\ndef run(x): return name`;
    const guest = await workshop.start({ main: "", files: { ...files, [entry]: source }, entry });
    expect((await call(guest, "run")).result).toBe("beside");
    await end(guest);
  });

  it("runs the older class, with its hooks, and passes its answers through", async () => {
    const guest = await workshop.start({
      actions: ["sum", "fail"],
      main: `class Plugin:
    def __init__(self): self.loaded = False
    async def on_load(self): self.loaded = True
    async def on_unload(self): print("unloaded")
    async def handle(self, action, payload):
        if action == "sum": return {"status": "ok", "result": sum(payload.values()), "loaded": self.loaded}
        return {"status": "error", "msg": f"unknown {action}"}`,
    });
    expect((await call(guest, "sum", { a: 1, b: 2 })).result).toEqual({
      status: "ok",
      result: 3,
      loaded: true,
    });
    expect((await call(guest, "fail", {}, 3)).result).toEqual({ status: "error", msg: "unknown fail" });
    guest.send({ id: 9, method: "shutdown", params: {} });
    expect(await guest.next()).toMatchObject({ id: 9, result: {} });
    expect((await guest.ended).stdout).toBe("unloaded\n");
  });

  it.each([
    ["a syntax error", "def x(:", "SyntaxError"],
    ["no action", "x = 1", "has no action"],
    ["an exit", "raise SystemExit('no')", "SystemExit: no"],
    [
      "two of a name",
      actions("@action\ndef a(x): 1\n@action\ndef a(x): 2"),
      'two functions for the action "a"',
    ],
    [
      "a plugin that cannot be made",
      "class Plugin:\n  def __init__(self): raise ValueError('no luck')\n  def handle(self, a, p): 1",
      "no luck",
    ],
  ])("cannot start with %s, and says why", async (_, main, message) => {
    const { guest, entry } = workshop.launch({ main });
    expect(await guest.initialize(entry)).toMatchObject({
      error: { message: expect.stringContaining(message), data: { code: "START_FAILED" } },
    });
    await end(guest);
  });
});

describe("an import allow-list", () => {
  const start = (main: string, imports: readonly string[], files = {}) => {
    const { guest, entry } = workshop.launch({ main, imports, files });
    return guest.initialize(entry).then(async (reply) => {
      await end(guest);
      return JSON.stringify(reply);
    });
  };
  const ending = "\nfrom paddock import action\n@action\ndef run(x): pass";

  it.each([
    ["import os", "os"],
    ["import sys", "sys"],
    ["from subprocess import run", "subprocess"],
    ["import xml.dom", "xml.dom"],
    ["import importlib; importlib.import_module('os')", "importlib"],
    ["import beside", "socket"],
  ])("refuses %j, naming the module and the line for the manifest", async (line, name) => {
    const files = { "beside.py": "import socket" };
    const reply = await start(line + ending, ["json", "xml.etree"], files);
    expect(reply).toContain(`Cannot import \\"${name}\\": the manifest does not name it.`);
    expect(reply).toContain(`Add \\"${name}\\" to runtime.imports.`);
    expect(reply).toContain("START_FAILED");
  });

  it.each([
    "import json, csv",
    "from xml.etree import ElementTree",
    "from xml import etree",
    "import beside; from . import beside as b; import pack.inner",
    "import statistics; statistics.mean([1, 2])",
    "import datetime; datetime.datetime.strptime('2026', '%Y')",
    "import asyncio, decimal; asyncio.run(asyncio.sleep(0)); decimal.Decimal(1)",
    "try:\n    import numpy\nexcept ImportError: pass",
  ])("lets %j pass, with everything that these need themselves", async (line) => {
    const files = {
      "beside.py": "import json",
      "pack/__init__.py": "",
      "pack/inner.py": "import beside",
    };
    const imports = ["json", "csv", "xml.etree", "statistics", "asyncio", "decimal", "datetime"];
    expect(await start(line + ending, imports, files)).toContain('"result"');
  });
});

describe("guards", () => {
  const ATTEMPTS = [
    ["open('/etc/passwd')", "fs.read", 'paths: ["/etc/passwd"]'],
    ["open('/etc/x', 'w')", "fs.write", 'paths: ["/etc/x"]'],
    ["__import__('os').listdir('/root')", "fs.read", 'paths: ["/root"]'],
    ["__import__('os').remove('/etc/passwd')", "fs.write", "Cannot write"],
    ["__import__('pathlib').Path('/tmp/../etc/passwd').read_text()", "fs.read", "etc/passwd"],
    ["__import__('socket').socket()", "net.connect", "a plugin has no network of its own"],
    ["__import__('socket').getaddrinfo('example.com', 80)", "net.resolve", 'look up "example.com"'],
    ["__import__('urllib.request').request.urlopen('http://example.com')", "net.fetch", "send a request to"],
    ["__import__('subprocess').run(['ls'])", "process.spawn", 'start a program "ls"'],
    ["__import__('os').system('ls')", "process.spawn", 'start a shell "ls"'],
    ["__import__('os').fork()", "process.spawn", "start a process"],
    ["__import__('os').execv('/bin/sh', ['sh'])", "process.spawn", "/bin/sh"],
    ["__import__('ctypes')", "", "no capability allows it"],
    ["__import__('os').kill(1, 9)", "", "send signals"],
  ] as const;

  it.each(ATTEMPTS)(
    "refuse %s with a PermissionError that names the capability",
    async (source, capability, words) => {
      const guest = await workshop.start({
        main: actions(`import builtins
@action
def run(x):
    try: ${source}
    except builtins.PermissionError as error: return [error.capability, str(error), type(error).__name__, error.errno]
@action
def raw(x): ${source}`),
      });
      const { result } = await call(guest, "run");
      expect(result).toEqual([capability, expect.stringContaining(words), "PermissionError", 13]);
      if (capability !== "") expect(String(result)).toContain(`Add "- { use: ${capability},`);
      expect(await call(guest, "raw", null, 3)).toMatchObject({
        error: { data: { code: "PLUGIN_BUG", capability, denial: "EACCES" } },
      });
      await end(guest);
    },
  );

  it("let pass what is granted, and everything when the operator leaves them out", async () => {
    const main = actions("@action\ndef run(x): return open('/etc/hostname').read() and 'read'");
    for (const more of [{ permissions: { "fs.read": { paths: ["/etc"] } } }, { guards: false }]) {
      const guest = await workshop.start({ main }, more);
      expect((await call(guest, "run")).result).toBe("read");
      await end(guest);
    }
  });
});
