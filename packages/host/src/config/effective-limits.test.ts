import { LIMIT_FIELDS, LIMIT_NAMES } from "@paddock/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effectiveLimits } from "./effective-limits.js";
import { resolveConfig } from "./resolve-config.js";

const MB = 1024 ** 2;

describe("effectiveLimits()", () => {
  test.each([
    ["the preset", {}, {}, { value: 128 * MB, from: "preset production" }],
    ["a smaller wish", {}, { memoryBytes: MB }, { value: MB, from: "wants.memory" }],
    [
      "a greater wish",
      {},
      { memoryBytes: 256 * MB },
      { value: 128 * MB, from: "preset production", capped: 256 * MB },
    ],
    ["the operator for all", { limits: { memory: "1GB" } }, {}, { value: 1024 * MB, from: "limits.memory" }],
    [
      "the operator for one, up",
      { limits: { memory: "64MB" }, plugins: { "acme/x": { limits: { memory: "1GB" } } } },
      {},
      { value: 1024 * MB, from: 'plugins["acme/x"].limits.memory' },
    ],
    [
      "the operator for one, down",
      { plugins: { "acme/x": { limits: { memory: "16MB" } } } },
      { memoryBytes: 32 * MB },
      { value: 16 * MB, from: 'plugins["acme/x"].limits.memory', capped: 32 * MB },
    ],
    [
      "the operator for another",
      { plugins: { "acme/y": { limits: { memory: "16MB" } } } },
      {},
      { value: 128 * MB, from: "preset production" },
    ],
  ])("follows %s", (_, config, wants, source) => {
    const { limits, sources } = effectiveLimits(resolveConfig(config), { id: "acme/x", wants });
    expect(sources.memory).toEqual(source);
    expect(limits.memoryBytes).toBe(source.value);
  });

  test("is never more than the operator allows, whatever the manifest wishes", () => {
    const config = resolveConfig({ preset: "high-security", limits: { memory: "32MB" } });
    const ceiling = effectiveLimits(config, { id: "acme/x", wants: {} }).limits;
    const wants = fc.record(
      Object.fromEntries(
        LIMIT_NAMES.map((name) => [LIMIT_FIELDS[name], fc.double({ min: 0.001, noNaN: true })]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(wants, (wished) => {
        const { limits } = effectiveLimits(config, { id: "acme/x", wants: wished });
        for (const name of LIMIT_NAMES) {
          const field = LIMIT_FIELDS[name];
          expect(limits[field]).toBe(Math.min(wished[field] ?? Number.POSITIVE_INFINITY, ceiling[field]));
        }
      }),
    );
  });
});
