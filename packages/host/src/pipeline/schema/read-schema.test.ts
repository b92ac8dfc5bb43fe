import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSchema } from "./read-schema.js";

let parent: string;
let bundle: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "paddock-schema-"));
  bundle = join(parent, "bundle");
  await mkdir(join(bundle, "schemas"), { recursive: true });
  await writeFile(join(parent, "outside.json"), '{"type":"string"}');
  await writeFile(join(bundle, "schemas/good.json"), '\ufeff{"type":"string"}');
  await writeFile(join(bundle, "schemas/broken.json"), '{\n  "type": "string",\n}');
  await writeFile(join(bundle, "schemas/large.json"), `{"title":"${"x".repeat(70_000)}"}`);
  await symlink("../../outside.json", join(bundle, "schemas/link.json"));
});

afterEach(() => rm(parent, { recursive: true }));

describe("readSchema()", () => {
  test("returns what the manifest says itself", async () => {
    const schema = { type: "string" };
    expect(await readSchema({ kind: "inline", schema }, bundle)).toBe(schema);
  });

  test("reads a file of the bundle", async () => {
    expect(await readSchema({ kind: "file", path: "schemas/good.json" }, bundle)).toEqual({ type: "string" });
  });

  test.each([
    ["schemas/none.json", 'Cannot use the schema "schemas/none.json": there is no such file'],
    ["schemas", 'Cannot use the schema "schemas": it is not a file.'],
    ["schemas/broken.json", 'Cannot use the schema "schemas/broken.json:3:1": expected'],
    ["schemas/large.json", "it is larger than 64 KB"],
    ["schemas/link.json", "it leads out of the plugin"],
    ["../outside.json", "it leads out of the plugin"],
  ])("refuses %s and says why", async (path, words) => {
    await expect(readSchema({ kind: "file", path }, bundle)).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining(words),
    });
  });
});
