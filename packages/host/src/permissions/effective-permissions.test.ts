import { parseManifest } from "@paddock/contract";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../config/resolve-config.js";
import { effectivePermissions } from "./effective-permissions.js";

const MB = 1024 ** 2;

function permissions(config: object, required: readonly object[]) {
  const manifest = {
    manifest: 1,
    id: "acme/x",
    version: "1.0.0",
    runtime: { kind: "node", entry: "main.js" },
    actions: { go: {} },
    permissions: { required },
  };
  return effectivePermissions(parseManifest(manifest, "plugin.yaml"), resolveConfig(config));
}

describe("effectivePermissions()", () => {
  test("is what needs no asking, below the operator's limits", () => {
    expect(permissions({ limits: { scratch: "16MB" } }, [])).toEqual({
      "fs.temp": { maxBytes: 16 * MB },
      "fs.data": { maxBytes: 100 * MB },
      "file.handle": {},
      "storage.kv": { maxBytes: MB },
      "log.write": {},
      "metrics.emit": {},
      "random.secure": {},
      "time.now": {},
    });
  });

  test("gives the widest of several declarations, and nothing that nobody granted", () => {
    const effective = permissions({}, [
      { use: "storage.kv", max: "1KB" },
      { use: "storage.kv", max: "2KB" },
      { use: "storage.kv", max: "5MB", reason: "x" },
      { use: "net.fetch", hosts: ["*"], reason: "x" },
    ]);
    expect(effective["storage.kv"]).toEqual({ maxBytes: 2048 });
    expect(effective["net.fetch"]).toBeUndefined();
  });

  test("gives under the development preset what is asked for, of what opens no wall", () => {
    const asked = [
      { use: "events.subscribe", topics: ["orders.paid"], reason: "x" },
      { use: "events.subscribe", topics: ["orders.made", "stock"], reason: "x" },
      { use: "plugin.call", plugin: "acme/a", actions: ["go"], reason: "x" },
      { use: "net.fetch", hosts: ["*"], reason: "x" },
      { use: "process.spawn", programs: ["/bin/sh"], reason: "x" },
    ];
    const effective = permissions({ preset: "development" }, asked);
    expect(effective["events.subscribe"]).toEqual({ topics: ["orders.made", "orders.paid", "stock"] });
    expect(effective["plugin.call"]).toEqual({ plugin: "acme/a", actions: ["go"] });
    expect(effective).not.toHaveProperty(["net.fetch"]);
    expect(effective).not.toHaveProperty(["process.spawn"]);
    expect(permissions({ preset: "production" }, asked)).not.toHaveProperty(["events.subscribe"]);
  });
});
