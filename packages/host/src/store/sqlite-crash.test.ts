import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSqliteStore } from "./sqlite.js";

/** Node looks for the built "./x.js"; this finds the source that it is made of. */
const RESOLVE_SOURCE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(specifier, context, next) {
      try { return next(specifier, context); } catch (error) {
        if (specifier === "@paddock/contract") return next(${JSON.stringify(sourceOf("../../../contract/src/index.ts"))}, context);
        if (specifier.startsWith(".")) return next(specifier.replace(/js$/, "ts"), context);
        throw error;
      }
    },
  });
`)}`;

/** Writes for ever, eight at a time, and says what was acknowledged or refused. */
const WRITE_FOR_EVER = `
  import { writeSync } from "node:fs";
  import { createSqliteStore } from ${JSON.stringify(sourceOf("./sqlite.ts"))};
  const [directory, from] = process.argv.slice(1);
  const pairs = createSqliteStore(directory).keyValues({ plugin: "acme/x", tenant: "main" });
  let next = Number(from);
  async function write() {
    for (;;) {
      const key = String(next++);
      await pairs.set(key, "v".repeat(2_000), { maxBytes: 1e9, maxKeys: 1e6 });
      writeSync(1, key + "\\n");
    }
  }
  try {
    await Promise.all(Array.from({ length: 8 }, write));
  } catch (error) {
    const kept = await pairs.get("0");
    writeSync(1, JSON.stringify({ code: error.code, message: error.message, hint: error.hint, kept: kept.length }) + "\\n");
    process.exit(3);
  }
`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "paddock-store-"));
});

afterEach(() => rm(directory, { recursive: true }));

describe("a store", () => {
  test("has everything it acknowledged before its process was killed", async () => {
    const acknowledged: string[] = [];
    for (const untilCount of [20, 150, 400]) {
      const child = start(process.execPath, [], acknowledged.length * 2);
      for await (const key of createInterface({ input: child.stdout })) {
        acknowledged.push(key);
        if (acknowledged.length === untilCount) child.kill("SIGKILL");
      }
      const store = createSqliteStore(directory);
      await store.open();
      const pairs = store.keyValues({ plugin: "acme/x", tenant: "main" });
      for (const key of acknowledged) expect(await pairs.get(key), `key ${key}`).toHaveLength(2_000);
      await store.close();
    }
  });

  test("says so when the disk is full, and keeps what it acknowledged", async () => {
    const small = [
      "--bind",
      "/",
      "/",
      "--dev-bind",
      "/dev",
      "/dev",
      "--size",
      "700000",
      "--tmpfs",
      directory,
    ];
    const child = start("bwrap", [...small, "--die-with-parent", process.execPath], 0);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
      code: "STORE_FAILED",
      message: `Cannot use the store "${directory}/paddock.db": the disk is full.`,
      hint: "Make room, or choose another home directory for Paddock.",
      kept: 2_000,
    });
  });
});

function start(program: string, args: readonly string[], from: number) {
  const node = [
    "--import",
    RESOLVE_SOURCE,
    "--input-type=module",
    "-e",
    WRITE_FOR_EVER,
    directory,
    String(from),
  ];
  return spawn(program, [...args, ...node], { stdio: ["ignore", "pipe", "inherit"] });
}

function sourceOf(relative: string): string {
  return new URL(relative, import.meta.url).href;
}
