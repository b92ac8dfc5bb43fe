import { fstatSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";
import { testAttacks } from "./attack-table.js";

testAttacks("Processes", [
  {
    plugin: "starts-programs",
    tries: ["shell", "spawn", "fork", "cluster", "binding"].map((way) => ({ way })),
    refused: /EPERM|EACCES|ENOENT|errno -\d+|No such module|exit code/,
    code: ["PLUGIN_BUG", "CRASHED"],
  },
  {
    plugin: "uses-internal-doors",
    tries: ({ outside }) =>
      [
        "fsBinding",
        "linkedBinding",
        "inspector",
        "inspectorEval",
        "worker",
        "constructor",
        "wasi",
        "flags",
        "debug",
      ].map((way) => ({
        way,
        path: join(outside, "secret.txt"),
        pid: process.pid,
      })),
    refused: /ENOENT|No such|EPERM|ESRCH|not allowed|uvException|EACCES|Inspector|memory/,
    // A worker alone may be more than the memory limit allows.
    code: ["PLUGIN_BUG", "MEMORY_LIMIT"],
  },
  {
    plugin: "signals-others",
    tries: [
      ...[process.pid, process.ppid, 99_999].map((pid) => ({ pid, signal: "SIGKILL" })),
      { pid: process.pid, signal: 0 },
      { pid: -1, signal: "SIGKILL" },
      { pid: -process.pid, signal: "SIGTERM" },
    ],
    refused: /ESRCH|EPERM/,
  },
]);

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("A guest, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards } });
  });
  afterAll(async () => arena?.close());

  test("looks-around finds nothing of the host", async () => {
    const outcome = await arena.attack("looks-around");
    expect(outcome).toMatchObject({
      kind: "answered",
      value: { environment: {}, program: "/runtime/node", folder: "/plugin", pids: [1, 0], host: "plugin" },
    });
    if (outcome.kind === "refused") return;
    // Safe: the plugin's own answer, checked above.
    const value = outcome.value as {
      readonly open: readonly (readonly [number, number])[];
      readonly ids: readonly unknown[];
    };
    expect(value.ids.slice(0, 2)).toEqual([1000, 1000]);
    const text = JSON.stringify({ ...value, open: [] });
    for (const word of [hostname(), arena.home, arena.outside, process.cwd(), "PADDOCK_TEST"])
      expect(text).not.toContain(word);
    // None of the files that this process has open, whatever the number it has inside.
    const own = readdirSync("/proc/self/fd").flatMap((fd) => inodeOf(Number(fd)) ?? []);
    expect(value.open.slice(1).filter(([, inode]) => own.includes(inode) && inode > 1_000)).toEqual([]);
    await arena.assertUnharmed();
  });

  test("signals-itself harms nobody else", async () => {
    const outcome = await arena.attack("signals-itself", {
      signals: ["SIGSTOP", "SIGTSTP", "SIGKILL", "SIGHUP", "SIGUSR1"],
    });
    // As the first process of its namespace it cannot stop or kill itself; with SIGUSR1 it may open an inspector, alone.
    expect(["answered", "refused"]).toContain(outcome.kind);
    await arena.assertUnharmed();
  });
});

describe("re-executes-itself", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards: false } });
  });
  afterAll(async () => arena?.close());

  test("gets a fresh interpreter behind the same walls", async () => {
    const tries = [
      'fs.readFileSync("/etc/passwd")',
      `fs.readFileSync(${JSON.stringify(join(arena.outside, "secret.txt"))})`,
      'fs.writeFileSync("/plugin/.paddock/main.mjs", "")',
      'require("child_process").spawnSync("/runtime/node", ["-v"]).error',
      'new (require("dgram").createSocket)("udp4").bind(0)',
      'fs.mkdirSync("/data/x", 0o4777)',
    ];
    const code = `const fs = require("fs"); process.on("uncaughtException", (e) => console.log("late", e.code));
      for (const one of ${JSON.stringify(tries)}) try { const r = eval(one); console.log(r?.code ?? "done " + r); } catch (e) { console.log(e.code); }`;
    const environment = { NODE_OPTIONS: "--expose-gc", LD_PRELOAD: "/data/evil.so", NODE_PATH: "/data" };
    const outcome = await arena.attack("re-executes-itself", { code, environment }, { timeoutMs: 5_000 });
    expect(outcome).toMatchObject({ kind: "refused" });
    const said = arena.logs.filter(({ source }) => source === "stdout").map(({ message }) => message);
    expect(said.slice(0, 4)).toEqual(["ENOENT", "ENOENT", "EROFS", "EPERM"]);
    expect(said.filter((line) => line.startsWith("done")).length).toBeLessThan(3);
    await arena.assertUnharmed();
  });
});

function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino;
  } catch {
    return undefined;
  }
}
