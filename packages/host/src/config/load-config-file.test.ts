import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfigFile } from "./load-config-file.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paddock-config-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("loadConfigFile()", () => {
  test("finds nothing in an empty folder, or where there is no folder", async () => {
    expect(await loadConfigFile(folder)).toBeUndefined();
    expect(await loadConfigFile(join(folder, "nowhere"))).toBeUndefined();
  });

  test.each([
    ["paddock.config.json", '\uFEFF{"preset": "development"}'],
    ["paddock.config.js", "export default { preset: 'development' };"],
    ["paddock.config.ts", "const preset: string = 'development';\nexport default { preset };"],
  ])("reads %s", async (name, text) => {
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(join(folder, name), text);
    expect(await loadConfigFile(folder)).toEqual({
      name,
      path: join(folder, name),
      value: { preset: "development" },
    });
  });

  test.each([
    [
      "paddock.config.json",
      '{\n  "preset": production\n}',
      "Cannot read paddock.config.json:2:13: expected a value.",
    ],
    [
      "paddock.config.js",
      "export const preset = 1;",
      "Cannot use paddock.config.js: it has no default export.",
    ],
    ["paddock.config.js", "throw new Error('boom');", "Cannot run paddock.config.js: boom."],
  ])("says what is wrong with %s: %j", async (name, text, message) => {
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(join(folder, name), text);
    await expect(loadConfigFile(folder)).rejects.toMatchObject({ code: "CONFIG_INVALID", message });
  });

  test("does not choose between two files", async () => {
    await writeFile(join(folder, "paddock.config.json"), "{}");
    await writeFile(join(folder, "paddock.config.js"), "export default {};");
    await expect(loadConfigFile(folder)).rejects.toThrow(
      "Cannot choose a configuration: paddock.config.js and paddock.config.json are both there.",
    );
  });
});
