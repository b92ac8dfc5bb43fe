import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MAX_MANIFEST_BYTES } from "@paddock/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readManifest } from "./read-manifest.js";

const YAML = `manifest: 1
id: acme/thumbs
version: 1.4.0
title: Thumbnails
description: Makes thumbnails.
publisher: { name: Acme GmbH, contact: security@acme.example }
engines: { paddock: ">=0.1" }
runtime: { kind: node, entry: src/main.ts }
actions:
  resize: { timeout: 3s }
`;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paddock-manifest-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string | Uint8Array) => writeFile(join(folder, name), text);
const refusal = (words: string | RegExp) => ({
  code: "MANIFEST_INVALID",
  message: typeof words === "string" ? expect.stringContaining(words) : expect.stringMatching(words),
});

describe("readManifest()", () => {
  it("reads YAML and JSON to the same manifest", async () => {
    await write("plugin.yaml", YAML);
    const fromYaml = await readManifest(folder);
    expect(fromYaml).toMatchObject({ id: "acme/thumbs", runtime: { entry: "src/main.ts" } });
    expect(fromYaml.actions.resize?.timeoutMs).toBe(3_000);
    await rm(join(folder, "plugin.yaml"));
    const { parse } = await import("yaml");
    await write("plugin.json", JSON.stringify(parse(YAML)));
    expect(await readManifest(folder)).toEqual(fromYaml);
  });

  it("says what to do in a folder without one", async () => {
    await expect(readManifest(folder)).rejects.toMatchObject({
      ...refusal("no plugin.yaml and no plugin.json"),
      hint: expect.stringContaining("paddock init"),
    });
    await expect(readManifest(join(folder, "absent"))).rejects.toMatchObject(
      refusal("there is no such folder"),
    );
    await write("file", "");
    await expect(readManifest(join(folder, "file"))).rejects.toMatchObject(
      refusal("there is no such folder"),
    );
  });

  it("refuses two of them: it must be clear which one counts", async () => {
    await write("plugin.yaml", YAML);
    await write("plugin.json", "{}");
    await expect(readManifest(folder)).rejects.toMatchObject(refusal("both plugin.yaml and plugin.json"));
  });

  it.each<readonly [string, string, string | RegExp]>([
    ["plugin.json", "{", /Cannot read plugin.json: .*JSON/],
    ["plugin.json", "", /JSON/],
    ["plugin.json", "null", /plugin.json/],
    ["plugin.json", "[]", /plugin.json/],
    ["plugin.yaml", "", /plugin.yaml/],
    ["plugin.yaml", "a: [", /Cannot read plugin.yaml/],
    ["plugin.yaml", "a: 1\na: 2\n", /unique/],
    ["plugin.yaml", `x: &x [1]\ny: *x\n${YAML}`, /alias/i],
    ["plugin.yaml", `<<: { id: acme/evil }\n${YAML}`, /<</],
    ["plugin.yaml", `${YAML}---\nid: acme/other\n`, /plugin.yaml/],
    ["plugin.yaml", `extra: !!js/function "() => 1"\n${YAML}`, /plugin.yaml/],
    ["plugin.yaml", `__proto__: { polluted: true }\n${YAML}`, /__proto__/],
    ["plugin.yaml", YAML.replace("actions:", "acions:"), /acions/],
  ])("refuses %s with %j", async (name, text, words) => {
    await write(name, text);
    await expect(readManifest(folder)).rejects.toMatchObject(refusal(words));
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it("refuses a bomb of aliases in a moment", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join(", ")}]`,
    );
    await write("plugin.yaml", `l0: &l0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n${levels.join("\n")}\n`);
    const startedAt = performance.now();
    await expect(readManifest(folder)).rejects.toMatchObject({ code: "MANIFEST_INVALID" });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("reads a file that is as large as it may be, and none that is larger", async () => {
    const filled = (bytes: number) => `${YAML}#${"x".repeat(bytes - YAML.length - 1)}`;
    await write("plugin.yaml", filled(MAX_MANIFEST_BYTES));
    expect((await readManifest(folder)).id).toBe("acme/thumbs");
    await write("plugin.yaml", filled(MAX_MANIFEST_BYTES + 1));
    await expect(readManifest(folder)).rejects.toMatchObject(refusal("larger than"));
  });

  it("refuses a link, wherever it leads, and says nothing of what is there", async () => {
    await symlink("/etc/passwd", join(folder, "plugin.yaml"));
    const error = await readManifest(folder).catch((thrown) => thrown);
    expect(error).toMatchObject(refusal("it is a link"));
    expect(JSON.stringify(error)).not.toContain("root:");
    await rm(join(folder, "plugin.yaml"));
    await symlink("plugin.yaml", join(folder, "plugin.yaml"));
    await expect(readManifest(folder)).rejects.toMatchObject(refusal("it is a link"));
  });

  it("refuses a directory, and does not wait for the writer of a pipe", { timeout: 5_000 }, async () => {
    await mkdir(join(folder, "plugin.json"));
    await expect(readManifest(folder)).rejects.toMatchObject(refusal(/not a file|directory/));
    await rm(join(folder, "plugin.json"), { recursive: true });
    await promisify(execFile)("mkfifo", [join(folder, "plugin.yaml")]);
    await expect(readManifest(folder)).rejects.toMatchObject(refusal("not a file"));
  });

  it("says when it may not be read", async () => {
    await write("plugin.yaml", YAML);
    await chmod(join(folder, "plugin.yaml"), 0o000);
    const pending = readManifest(folder);
    // Root may read everything.
    if (process.getuid?.() === 0) expect((await pending).id).toBe("acme/thumbs");
    else await expect(pending).rejects.toMatchObject(refusal("may not be read"));
  });
});
