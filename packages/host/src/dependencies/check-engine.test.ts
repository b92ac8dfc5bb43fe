import { expect, it } from "vitest";
import { checkEngine } from "./check-engine.js";

const plugin = (paddock?: string) => ({
  id: "acme/a",
  version: "1.0.0",
  engines: paddock === undefined ? {} : { paddock },
});

it.each([
  [undefined, "0.1.0"],
  [">=0.1", "0.1.0"],
  ["^1.0", "1.4.2"],
  ["^1.0", "1.0.0-rc.1"],
  ["1.0.0-rc.1", "1.0.0-rc.1"],
])("checkEngine() takes a plugin made for %j in %j", (range, paddock) => {
  expect(() => checkEngine(plugin(range), paddock)).not.toThrow();
});

it.each([
  ["^1.0", "0.1.0"],
  ["^1.0", "2.0.0"],
  ["^1.2", "1.1.0-rc.1"],
])("checkEngine() refuses a plugin made for %j in %j and says what to do", (range, paddock) => {
  expect(() => checkEngine(plugin(range), paddock)).toThrow(
    expect.objectContaining({
      code: "PLUGIN_INVALID",
      hint: expect.any(String),
      data: { plugin: "acme/a", range, paddock },
    }),
  );
});
