import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPaddockError } from "../paddock-error.js";
import { parseManifest } from "./parse-manifest.js";

const least = {
  manifest: 1,
  id: "acme/thumbs",
  version: "1.4.0",
  runtime: { kind: "node", entry: "src/main.ts" },
  actions: { resize: {} },
};

describe("parseManifest()", () => {
  test("fills in what a short manifest leaves out", () => {
    expect(parseManifest(least, "plugin.yaml")).toEqual({
      manifest: 1,
      id: "acme/thumbs",
      publisherName: "acme",
      name: "thumbs",
      version: "1.4.0",
      title: "thumbs",
      mode: "sandboxed",
      engines: {},
      runtime: { kind: "node", entry: "src/main.ts" },
      implements: [],
      actions: { resize: { name: "resize", idempotent: false, effects: "write", errors: {}, callers: [] } },
      permissions: { required: [], optional: [] },
      wants: {},
      depends: {},
    });
  });

  test("gives human units as numbers, and schemas with their source", () => {
    const manifest = parseManifest(
      {
        ...least,
        actions: {
          resize: { timeout: "3s", input: { $ref: "schemas/in.json" }, output: { type: "string" } },
        },
        wants: { memory: "128MB", cpu: 0.5, logRate: "60/m" },
        health: { interval: "30s", timeout: "3s" },
        permissions: { optional: [{ use: "storage.kv", max: "512KB" }] },
      },
      "plugin.yaml",
    );
    expect(manifest.actions.resize).toMatchObject({
      timeoutMs: 3000,
      input: { kind: "file", path: "schemas/in.json" },
      output: { kind: "inline", schema: { type: "string" } },
    });
    expect(manifest.wants).toEqual({ memoryBytes: 134_217_728, cpuCores: 0.5, logLinesPerSecond: 1 });
    expect(manifest.health).toEqual({ intervalMs: 30_000, timeoutMs: 3000 });
    expect(manifest.permissions.optional).toEqual([{ use: "storage.kv", parameters: { maxBytes: 524_288 } }]);
  });

  test("finds no action that the author did not name, and takes the names of JavaScript's own", () => {
    const { actions, depends } = parseManifest({ ...least, actions: { toString: {} } }, "plugin.yaml");
    expect(actions.toString?.name).toBe("toString");
    expect(actions.constructor).toBeUndefined();
    expect(depends.constructor).toBeUndefined();
  });

  test("freezes what it returns, all the way down", () => {
    const manifest = parseManifest(least, "plugin.yaml");
    expect(Object.isFrozen(manifest)).toBe(true);
    expect(Object.isFrozen(manifest.actions.resize?.callers)).toBe(true);
  });

  test("returns a manifest or throws MANIFEST_INVALID, whatever it is given", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({
        manifest: fc.constant(1),
        id: fc.jsonValue(),
        actions: fc.jsonValue(),
        permissions: fc.jsonValue(),
        wants: fc.jsonValue(),
      }),
      fc
        .record({
          permissions: fc.record({ required: fc.array(fc.dictionary(fc.string(), fc.jsonValue())) }),
        })
        .map((change) => ({ ...least, ...change })),
    );
    fc.assert(
      fc.property(anything, (value) => {
        try {
          expect(parseManifest(value, "plugin.yaml").manifest).toBe(1);
        } catch (error) {
          if (!isPaddockError(error, "MANIFEST_INVALID")) throw error;
          expect(error.message).not.toMatch(/Invalid|expected undefined|[\p{Cf}]/u);
        }
      }),
    );
  });
});
