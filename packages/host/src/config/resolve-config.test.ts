import { isPaddockError, MECHANISM_NAMES, PRESETS } from "@paddock/contract";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "./resolve-config.js";

describe("resolveConfig()", () => {
  test("is production when nothing is said", () => {
    const config = resolveConfig();
    expect(config).toMatchObject({ preset: "production", ownLimits: {}, interpreter: {} });
    expect(config.presetLimits).toMatchObject({
      memoryBytes: 134_217_728,
      cpuCores: 0.5,
      timeoutMs: 300_000,
    });
    expect(config.requires).toEqual(PRESETS.production.requires);
    expect(config.plugins.constructor).toBeUndefined();
  });

  test("takes what the operator says, with units as numbers", () => {
    const config = resolveConfig({
      preset: "development",
      home: "/srv/paddock",
      limits: { memory: "256MB" },
      plugins: { "acme/thumbs": { limits: { timeout: "2s" }, config: { colour: "red" } } },
      require: ["memory-cgroup"],
      interpreter: { node: "/opt/node/bin/node" },
      uids: { from: 5000, count: 10 },
    });
    expect(config).toMatchObject({
      home: "/srv/paddock",
      ownLimits: { memoryBytes: 268_435_456 },
      plugins: { "acme/thumbs": { limits: { timeoutMs: 2000 }, config: { colour: "red" } } },
      interpreter: { node: "/opt/node/bin/node" },
      uids: { from: 5000, count: 10 },
    });
    expect(config.requires).toEqual(MECHANISM_NAMES.filter((name) => config.requires.includes(name)));
    expect(config.requires).toContain("memory-cgroup");
    expect(Object.isFrozen(config)).toBe(true);
  });

  test("removes no wall in development and adds every mechanism in high-security", () => {
    expect(resolveConfig({ preset: "development" }).requires).toEqual(PRESETS.production.requires);
    expect(resolveConfig({ preset: "high-security" }).requires).toEqual(MECHANISM_NAMES);
  });

  test.each<[object, string]>([
    [
      { presett: "production" },
      'presett: unknown key "presett"; did you mean "preset"? expected one of preset, home,',
    ],
    [
      { preset: "prodution" },
      'preset: found "prodution", expected one of production, development, high-security; did you mean "production"?',
    ],
    [{ home: "state" }, 'home: found "state", expected an absolute path such as /var/lib/paddock'],
    [
      { limits: { memory: 128 } },
      'limits.memory: found 128, expected a size such as "64MB", above 0 and at most 64GB.',
    ],
    [
      { plugins: { "acme/x": { limits: { memroy: "1MB" } } } },
      'plugins["acme/x"].limits.memroy: unknown key "memroy"; did you mean "memory"?',
    ],
    [{ plugins: { thumbs: {} } }, 'plugins.thumbs: found the key "thumbs", expected publisher/name such as'],
    [{ require: ["secomp"] }, 'require[0]: found "secomp", expected one of user-namespace,'],
    [{ uids: { from: 0, count: 1 } }, "uids.from: found 0, expected a whole number from 1000 to 4294967293."],
    [
      { uids: { from: 4_294_967_293, count: 2 } },
      "uids: found an object, expected user ids of at most 4294967293.",
    ],
  ])("refuses %j", (input, line) => {
    expect(() => resolveConfig(input, "paddock.config.json")).toThrow(line);
    try {
      resolveConfig(input);
    } catch (error) {
      expect(isPaddockError(error, "CONFIG_INVALID")).toBe(true);
    }
  });
});
