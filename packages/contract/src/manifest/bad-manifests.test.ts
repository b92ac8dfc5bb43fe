import { describe, expect, test } from "vitest";
import { isPaddockError, type PaddockError } from "../paddock-error.js";
import { parseManifest } from "./parse-manifest.js";

const least = {
  manifest: 1,
  id: "acme/thumbs",
  version: "1.4.0",
  runtime: { kind: "node", entry: "src/main.ts" },
  actions: { resize: {} },
};

describe("parseManifest()", () => {
  test.each<[string, object, string]>([
    [
      "a misspelt key",
      { actoins: 1 },
      'actoins: unknown key "actoins"; did you mean "actions"? expected one of',
    ],
    ["a foreign key", { zzzzzz: 1 }, 'zzzzzz: unknown key "zzzzzz"; expected one of manifest, id, version,'],
    ["no id", { id: undefined }, "id: found nothing, expected publisher/name such as"],
    ["capitals in the id", { id: "Acme/thumbs" }, 'id: found "Acme/thumbs", expected publisher/name such as'],
    ["an id without a publisher", { id: "thumbs" }, 'id: found "thumbs", expected publisher/name'],
    ["an id with a path in it", { id: "acme/../x" }, 'id: found "acme/../x", expected publisher/name'],
    [
      "a short version",
      { version: "1.4" },
      'version: found "1.4", expected a semantic version such as 1.4.0.',
    ],
    [
      "a version as a number",
      { version: 1.4 },
      "version: found 1.4, expected a semantic version such as 1.4.0.",
    ],
    [
      "a misspelt runtime",
      { runtime: { kind: "nodejs", entry: "a.js" } },
      'runtime.kind: found "nodejs", expected one of node, python, program, wasm, mcp; did you mean "node"?',
    ],
    ["no runtime", { runtime: undefined }, "runtime: found nothing, expected an object."],
    ["a mode of its own", { mode: "root" }, 'mode: found "root", expected one of sandboxed, trusted.'],
    ["no action", { actions: {} }, "actions: found an object, expected at least one action."],
    [
      "an action that looks like an option",
      { actions: { "-x": {} } },
      'actions["-x"]: found the key "-x", expected a name that begins with a letter',
    ],
    [
      "a duration without a unit",
      { actions: { a: { timeout: 3 } } },
      'actions.a.timeout: found 3, expected a duration such as "3s", above 0 and at most 24h.',
    ],
    [
      "a duration beyond the maximum",
      { actions: { a: { timeout: "25h" } } },
      'actions.a.timeout: found "25h", expected a duration such as "3s", above 0 and at most 24h.',
    ],
    [
      "an effect that does not exist",
      { actions: { a: { effects: "reed" } } },
      'actions.a.effects: found "reed", expected one of none, read, write; did you mean "read"?',
    ],
    [
      "a list with repetitions",
      { actions: { a: { callers: ["a/b", "a/b"] } } },
      "actions.a.callers: found a list of 2, expected a list of 0 to 64 different plugins.",
    ],
    [
      "an error code in lower case",
      { actions: { a: { errors: { oops: "x" } } } },
      'actions.a.errors.oops: found the key "oops", expected a code in capitals such as NOT_A_PICTURE, at most 64 long.',
    ],
    [
      "a remote schema",
      { config: { $ref: "https://evil.example/x.json" } },
      'config: found "https://evil.example/x.json", expected only a $ref to a .json file of the bundle',
    ],
    [
      "a schema outside the bundle",
      { config: { $ref: "../x.json" } },
      'config: found "../x.json", expected only a $ref',
    ],
    [
      "a misspelt capability",
      { permissions: { required: [{ use: "net.fetsh" }] } },
      'permissions.required[0].use: found "net.fetsh", expected one of net.fetch,',
    ],
    [
      "a misspelt parameter",
      { permissions: { required: [{ use: "fs.read", path: ["/srv"], reason: "x" }] } },
      'permissions.required[0].path: unknown key "path"; did you mean "paths"?',
    ],
    [
      "a capability without a reason",
      { permissions: { required: [{ use: "background.run" }] } },
      "permissions.required[0].reason: found nothing, expected a reason for the person who decides, 1 to 200 characters, no control characters.",
    ],
    [
      "more key-value storage without a reason",
      { permissions: { required: [{ use: "storage.kv", max: "2MB" }] } },
      "permissions.required[0].reason: found nothing",
    ],
    [
      "a limit beyond its maximum",
      { wants: { memory: "500GB" } },
      'wants.memory: found "500GB", expected a size such as "64MB", above 0 and at most 64GB.',
    ],
    [
      "a limit of nothing",
      { wants: { cpu: 0 } },
      "wants.cpu: found 0, expected a number above 0 and at most 64.",
    ],
    [
      "half a file",
      { wants: { files: 1.5 } },
      "wants.files: found 1.5, expected a whole number from 1 to 1000000.",
    ],
    [
      "a range that is a tag",
      { depends: { "a/b": "latest" } },
      'depends["a/b"]: found "latest", expected a version range such as ^1.0',
    ],
    [
      "text that turns around",
      { title: "evil\u202egnp.exe" },
      'title: found "evil\\u202egnp.exe", expected one line of text, 1 to 80 characters, no control characters.',
    ],
    [
      "text with an escape sequence",
      { description: "\u001b[2J" },
      'description: found "\\u001b[2J", expected text',
    ],
    ["two lines in a title", { title: "a\nb" }, 'title: found "a\\nb", expected one line of text'],
    [
      "a key that changes prototypes",
      { depends: JSON.parse('{"__proto__":"^1"}') },
      'depends: found the key "__proto__", expected any other name.',
    ],
    ["a date", { title: new Date(0) }, "title: found a special object, expected plain JSON."],
  ])("names %s", (_, change, line) => {
    const error = refusal({ ...least, ...change });
    expect(error.message).toContain(`\n  ${line}`);
  });

  test.each([
    "../main.js",
    "/main.js",
    "./main.js",
    "a//b.js",
    "a/",
    "a/../b.js",
    "a\\b.js",
    "-main.js",
    "a\0.js",
    "a\n.js",
    "C:/x.js",
    "",
    ".",
    "..",
    `${"x".repeat(201)}`,
  ])("refuses the entry %j", (entry) => {
    const error = refusal({ ...least, runtime: { kind: "node", entry } });
    expect(error.data.problems).toMatchObject([{ path: "runtime.entry" }]);
  });

  test("lists every problem at once, in the message and as data", () => {
    const error = refusal({ ...least, id: 1, version: 1, titel: "x" });
    expect(error.message).toMatch(
      /^Cannot use "plugin.yaml": 3 problems\.\n {2}id: .*\n {2}version: .*\n {2}titel: /,
    );
    expect(error.data.problems).toContainEqual({
      path: "titel",
      found: 'unknown key "titel"',
      expected: expect.stringContaining("one of manifest, id,"),
      hint: 'did you mean "title"?',
    });
  });

  test("lists the first fifty of thousands of problems, and soon", () => {
    const keys = Object.fromEntries(Array.from({ length: 15_000 }, (_, at) => [`${"x".repeat(50)}${at}`, 1]));
    const startedAt = performance.now();
    const error = refusal({ ...least, ...keys });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(error.message).toMatch(
      /^Cannot use "plugin.yaml": 15000 problems\.\n(?:.*\n)* {2}and 14950 more$/,
    );
    expect(error.data.problems).toHaveLength(50);
  });

  test("says only that it cannot read another version of the format", () => {
    expect(refusal({ manifest: 2, something: "new" }).message).toBe(
      'Cannot use "plugin.yaml": 1 problem.\n  manifest: found 2, expected 1; this Paddock reads manifest version 1 only.',
    );
  });

  test("refuses a value that refers to itself or nests without end", () => {
    const loop: Record<string, unknown> = { ...least };
    loop.config = loop;
    expect(refusal(loop).message).toContain("more than 48 levels");
  });

  test("refuses an expansion of YAML aliases", () => {
    let bomb: unknown = "x";
    for (let level = 0; level < 12; level++) bomb = Array(10).fill(bomb);
    expect(refusal({ ...least, config: { default: bomb } }).message).toContain("more than 20000 values");
  });
});

function refusal(value: unknown): PaddockError {
  try {
    parseManifest(value, "plugin.yaml");
  } catch (error) {
    if (isPaddockError(error, "MANIFEST_INVALID")) return error;
    throw error;
  }
  throw new Error("the manifest was accepted");
}
