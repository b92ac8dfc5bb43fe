import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { finish, makeFolder, paddock, startPaddock, writeFiles } from "./paddock.ts";

const NASTY = '"]; }; globalThis.caught = 1; /*';

const LOYALTY = {
  manifest: 1,
  id: "acme/loyalty",
  version: "1.0.0",
  title: "Loyalty */ globalThis.caught = 1; /*",
  description: "First line.\n*/ globalThis.caught = 1;\n@ts-nocheck",
  runtime: { kind: "node", entry: "main.js" },
  actions: {
    discount: {
      title: "Price it */ globalThis.caught = 1; /*",
      input: {
        type: "object",
        properties: { total: { $ref: "#/$defs/money" }, [NASTY]: { const: NASTY } },
        required: ["total"],
        additionalProperties: false,
        $defs: { money: { type: "number", description: "*/ globalThis.caught = 1; /*" } },
      },
      output: { type: "object", properties: { amount: { type: "number" } }, required: ["amount"] },
    },
    constructor: {},
    toString: { input: { enum: [NASTY, "`", "\u2028"] } },
  },
};
const OTHER = {
  manifest: 1,
  id: "acme/a-other",
  version: "1.0.0",
  runtime: { kind: "node", entry: "main.js" },
  actions: { list: { output: { type: "array", items: { type: "string" } } } },
};
const MAIN = `import { definePlugin } from "@paddock/sdk";
export default definePlugin({ actions: {
  discount: ({ total }) => ({ amount: total / 10 }), constructor: () => null, toString: (input) => input,
} });`;

const CONSUMER = `import { createHost } from "@paddock/host";
import { createClient } from "./client.js";

await using host = await createHost({ home: process.argv[2]! });
await host.load(process.argv[3]!);
const client = createClient(host);
const { amount } = await client["acme/loyalty"].discount({ total: 20 }, { tenant: "t" });
const half: number = amount / 2;
// @ts-expect-error The schema wants a number.
const wrong = client["acme/loyalty"].discount({ total: "20" }).catch((error) => error.code);
// @ts-expect-error There is no such plugin.
client["acme/nobody"];
const names = async (): Promise<readonly string[]> => client["acme/a-other"].list();
console.log(half, await wrong, typeof names, "caught" in globalThis);
`;

let root: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  root = await makeFolder();
  await writeFiles(root.path, {
    "plugins/loyalty/plugin.json": JSON.stringify(LOYALTY),
    "plugins/loyalty/main.js": MAIN,
    "plugins/other/plugin.json": JSON.stringify(OTHER),
    "plugins/notes.txt": "no plugin",
    "package.json": '{ "type": "module" }',
  });
  await symlink(join(ROOT, "node_modules"), join(root.path, "node_modules"));
});
afterAll(() => root.remove());

describe("paddock types", () => {
  it("writes a client that compiles strictly, calls, and runs nothing that an author wrote into a schema", async () => {
    const out = join(root.path, "client.ts");
    const { status, stdout } = await paddock(["types", join(root.path, "plugins"), "--out", out]);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("acme/a-other, acme/loyalty"),
    });
    await writeFile(join(root.path, "consumer.ts"), CONSUMER);
    await cp(join(ROOT, "tsconfig.base.json"), join(root.path, "tsconfig.base.json"));
    const options = {
      composite: false,
      erasableSyntaxOnly: false,
      types: ["node"],
      skipLibCheck: true,
      outDir: "built",
    };
    await writeFile(
      join(root.path, "tsconfig.json"),
      JSON.stringify({ extends: "./tsconfig.base.json", compilerOptions: options, files: ["consumer.ts"] }),
    );
    const node = join(ROOT, "node_modules/.bin/node");
    expect(await runIn(root.path, [node, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."])).toEqual({
      exitCode: 0,
      output: "",
    });
    const command = [node, "built/consumer.js", join(root.path, "home"), join(root.path, "plugins/loyalty")];
    expect(await runIn(root.path, command)).toEqual({
      exitCode: 0,
      output: "1 INPUT_INVALID function false\n",
    });
  });

  it("writes the same bytes for the same plugins, in whatever order", async () => {
    const [loyalty, other] = ["loyalty", "other"].map((name) => join(root.path, "plugins", name));
    const first = await paddock(["types", loyalty ?? "", other ?? ""]);
    const second = await paddock(["types", other ?? "", loyalty ?? "", loyalty ?? ""]);
    expect(first.stdout).toBe(second.stdout);
    expect(first.stdout).toContain("export function createClient(");
  });

  it("asks a running host where the plugins that it has loaded came from", async () => {
    const home = join(root.path, "served");
    const loyalty = join(root.path, "plugins/loyalty");
    const missing = await paddock(["types", "acme/loyalty", "--home", home]);
    expect(missing).toMatchObject({ status: 69, stderr: expect.stringContaining("hint:") });
    const server = startPaddock(["serve", "--home", home]);
    const ended = finish(server);
    try {
      await expect
        .poll(async () => (await paddock(["load", loyalty, "--home", home])).status, { timeout: 15_000 })
        .toBe(0);
      const [all, one, folder] = await Promise.all([
        paddock(["types", "--home", home]),
        paddock(["types", "acme/loyalty", "--home", home]),
        paddock(["types", loyalty]),
      ]);
      expect(all.stdout).toBe(folder.stdout);
      expect(one.stdout).toBe(folder.stdout);
    } finally {
      server.kill("SIGTERM");
      await ended;
    }
  });

  it.each([
    ["a folder that is not there", ["absent"], 64, "ENOENT"],
    ["a folder without plugins", ["."], 64, "nothing there has a plugin.yaml"],
    ["a place that cannot be written", ["plugins", "--out", "absent/client.ts"], 64, "ENOENT"],
  ])("says what to do about %s", async (_, args, status, words) => {
    const ran = await paddock(["types", ...args], { cwd: root.path });
    expect(ran).toMatchObject({ status, stderr: expect.stringContaining(words) });
    expect(ran.stderr).toContain("hint:");
  });

  it("refuses a schema that a host would not take, and leaves the file as it was", async () => {
    const out = join(root.path, "kept.ts");
    await writeFile(out, "// kept");
    const actions = { a: { input: { type: "object", patternProperties: {} } } };
    await writeFiles(root.path, { "bad/plugin.json": JSON.stringify({ ...OTHER, actions }) });
    expect(await paddock(["types", join(root.path, "bad"), "--out", out])).toMatchObject({ status: 65 });
    expect(await readFile(out, "utf8")).toBe("// kept");
  });
});
