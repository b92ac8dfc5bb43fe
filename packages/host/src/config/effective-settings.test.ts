import { parseManifest } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { effectiveSettings } from "./effective-settings.js";
import { resolveConfig } from "./resolve-config.js";

function share(config: object, required: readonly object[] = []): string {
  const manifest = {
    manifest: 1,
    id: "acme/x",
    version: "1.0.0",
    runtime: { kind: "node", entry: "main.js" },
    actions: { go: {} },
    permissions: { required },
  };
  return effectiveSettings(resolveConfig(config), parseManifest(manifest, "plugin.yaml")).share;
}

const profile = { use: "user.profile", fields: ["displayName"], reason: "x" };

describe("effectiveSettings() about who shares a guest", () => {
  it.each<readonly [object, readonly object[], string]>([
    [{}, [], "tenant"],
    [{ defaults: { share: "plugin" } }, [], "plugin"],
    [{ defaults: { share: "plugin" }, plugins: { "acme/x": { share: "caller" } } }, [], "caller"],
    [{ defaults: { share: "plugin" } }, [profile], "caller"],
    [{ defaults: { share: "call" } }, [profile], "call"],
    [{ preset: "high-security", defaults: { share: "plugin" } }, [], "call"],
  ])("says of %j with %j: %s", (config, required, expected) => {
    expect(share(config, required)).toBe(expected);
  });
});

describe("effectiveSettings() about rates", () => {
  it("keeps the count that was written, because that many may come at once", () => {
    const config = resolveConfig({ defaults: { rate: { tenant: "600/m", plugin: "5/s" } } });
    expect(effectiveSettings(config, { id: "acme/x" }).rate).toEqual({
      tenant: { count: 600, windowMs: 60_000 },
      plugin: { count: 5, windowMs: 1_000 },
      caller: undefined,
      action: undefined,
    });
  });
});
