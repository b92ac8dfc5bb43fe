import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Finished, makeFolder, paddock, paddockOnTerminal, writeFiles } from "./paddock.ts";

vi.setConfig({ testTimeout: 60_000 });

let root: Awaited<ReturnType<typeof makeFolder>>;
let args: readonly string[];

beforeAll(async () => {
  root = await makeFolder();
  await writeFiles(join(root.path, "plugin"), {
    "plugin.json": JSON.stringify({
      manifest: 1,
      id: "acme/streams",
      version: "1.0.0",
      runtime: { kind: "node", entry: "main.js" },
      actions: { count: {}, bytes: {}, fails: {} },
    }),
    "main.js": `
      import { definePlugin } from "@paddock/sdk";
      export default definePlugin({ actions: {
        count: async function* (to) { for (let at = 1; at <= to; at++) yield { at, text: "\\u001b[2J" }; },
        bytes: (many) => new Uint8Array(many).fill(255),
        fails: async function* () { yield 1; throw new Error("in the middle"); },
      } });`,
  });
  args = [join(root.path, "plugin"), "--home", join(root.path, "home")];
});
afterAll(() => root.remove());

const run = (action: string, payload: string, ...more: readonly string[]): Promise<Finished> =>
  paddock(["run", args[0] ?? "", action, payload, ...args.slice(1), ...more]);

it("run writes items as one JSON value a line, and what went before a failure", async () => {
  const { stdout, status } = await run("count", "2");
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ at: 1 }, { at: 2 }]);
  expect(status).toBe(0);
  expect(await run("fails", "null")).toMatchObject({ stdout: "1\n", status: 70 });
});

it("run writes bytes as they are to a pipe, as base64 into JSON, and none of them to a terminal", async () => {
  expect(JSON.parse((await run("bytes", "3", "--json")).stdout)).toEqual({ bytes: 3, base64: "////" });
  expect((await run("bytes", "3")).stdout).toBe("\ufffd\ufffd\ufffd");
  const { stdout } = await paddockOnTerminal(["run", args[0] ?? "", "bytes", "3", ...args.slice(1)]);
  expect(stdout).toContain("3 B of bytes");
  const items = await paddockOnTerminal(["run", args[0] ?? "", "count", "1", ...args.slice(1)]);
  expect(items.stdout).not.toContain("\u001b[2J");
});

it("run --report has the whole stream as one value", async () => {
  const { stdout } = await run("count", "1", "--report", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ result: [{ at: 1 }], report: { plugin: "acme/streams" } });
});
