import { CAPABILITY_IDS, capabilityOf, parseManifest, presetLimits } from "@paddock/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DecisionContext, decide, type PermissionRequest } from "./decide.js";

const MB = 1024 ** 2;
const limits = presetLimits("production");

function context(required: readonly object[] = []): DecisionContext {
  const manifest = {
    manifest: 1,
    id: "acme/x",
    version: "1.0.0",
    runtime: { kind: "node", entry: "main.js" },
    actions: { go: {} },
    permissions: { required },
  };
  return { manifest: parseManifest(manifest, "plugin.yaml"), limits };
}

const fetchIt = { use: "net.fetch", hosts: ["api.example:443"], reason: "Because." };

describe("decide()", () => {
  test.each<[string, object[], string, Record<string, unknown>, string]>([
    ["what is automatic", [], "log.write", {}, "allow"],
    ["own storage up to 1 MB", [], "storage.kv", { maxBytes: MB }, "allow"],
    ["more storage, undeclared", [], "storage.kv", { maxBytes: MB + 1 }, "CAPABILITY_NOT_DECLARED"],
    [
      "less storage by declaration",
      [{ use: "storage.kv", max: "1KB" }],
      "storage.kv",
      { maxBytes: 1025 },
      "CAPABILITY_NOT_DECLARED",
    ],
    [
      "more storage, declared",
      [{ use: "storage.kv", max: "5MB", reason: "x" }],
      "storage.kv",
      { maxBytes: 2 * MB },
      "CAPABILITY_NOT_GRANTED",
    ],
    [
      "the automatic part of more storage",
      [{ use: "storage.kv", max: "5MB", reason: "x" }],
      "storage.kv",
      { maxBytes: MB },
      "allow",
    ],
    ["files within the limit", [], "fs.data", { maxBytes: limits.diskBytes }, "allow"],
    ["files above the limit", [], "fs.data", { maxBytes: limits.diskBytes + 1 }, "CEILING_EXCEEDED"],
    [
      "an undeclared host",
      [],
      "net.fetch",
      { hosts: ["api.example:443"], methods: ["GET"] },
      "CAPABILITY_NOT_DECLARED",
    ],
    [
      "a host besides the declared",
      [fetchIt],
      "net.fetch",
      { hosts: ["evil.example:443"], methods: ["GET"] },
      "CAPABILITY_NOT_DECLARED",
    ],
    [
      "a declared host",
      [fetchIt],
      "net.fetch",
      { hosts: ["api.example:443"], methods: ["GET"] },
      "CAPABILITY_NOT_GRANTED",
    ],
    ["a parameter nobody knows", [], "log.write", { level: "root" }, "CAPABILITY_NOT_DECLARED"],
    ["a misspelt capability", [], "log.writ", {}, "CAPABILITY_UNKNOWN"],
    ["a name of JavaScript's own", [], "constructor", {}, "CAPABILITY_UNKNOWN"],
    ["nothing at all", [], "", {}, "CAPABILITY_UNKNOWN"],
  ])("about %s", (_, required, capability, parameters, outcome) => {
    const decision = decide({ capability, parameters }, context(required));
    expect(decision.kind === "allow" ? "allow" : decision.code).toBe(outcome);
  });

  test.each<[string, object, string]>([
    ["what one of several entries names", { plugin: "acme/b", actions: ["go"] }, "allow"],
    [
      "one entry's plugin with another's action",
      { plugin: "acme/b", actions: ["stop"] },
      "CAPABILITY_NOT_DECLARED",
    ],
    ["no plugin in particular", {}, "CAPABILITY_NOT_DECLARED"],
  ])("about %s, granted on request", (_, asked, outcome) => {
    const required = [
      { use: "plugin.call", plugin: "acme/a", actions: ["stop"], reason: "x" },
      { use: "plugin.call", plugin: "acme/b", actions: ["go"], reason: "x" },
    ];
    // Safe: decide() promises to stand whatever a guest sends.
    const request = { capability: "plugin.call", parameters: asked as PermissionRequest["parameters"] };
    const decision = decide(request, { ...context(required), granting: "requested" });
    expect(decision.kind === "allow" ? "allow" : decision.code).toBe(outcome);
    expect(decide(request, context(required))).toMatchObject({ kind: "deny" });
  });

  test("tells the plugin the code and the capability only, and the operator what to do", () => {
    expect(decide({ capability: "net.fetsh", parameters: {} }, context())).toEqual({
      kind: "deny",
      code: "CAPABILITY_UNKNOWN",
      capability: "net.fetsh",
      message: 'CAPABILITY_UNKNOWN: "net.fetsh"',
      hint: 'Did you mean "net.fetch"?',
    });
  });

  test("denies when deciding fails", () => {
    const broken = { capability: "log.write", parameters: null } as unknown as PermissionRequest;
    expect(decide(broken, context())).toMatchObject({ kind: "deny", code: "INTERNAL" });
    expect(decide({ capability: "log.write", parameters: {} }, {} as DecisionContext)).toMatchObject({
      code: "INTERNAL",
    });
  });

  test("never throws, and allows nothing that is not automatic, whatever is asked and declared", () => {
    const capability = fc.oneof(fc.constantFrom<string>(...CAPABILITY_IDS), fc.string());
    const parameters = fc.oneof(
      fc.dictionary(fc.constantFrom("maxBytes", "hosts", "methods", "paths", "__proto__"), fc.jsonValue()),
      fc.jsonValue(),
    );
    const declared = fc.subarray([
      fetchIt,
      { use: "fs.read", paths: ["/"], reason: "x" },
      { use: "storage.kv", max: "1GB", reason: "x" },
    ]);
    fc.assert(
      fc.property(capability, parameters, declared, (name, asked, required) => {
        // Safe: decide() promises to stand whatever a guest sends.
        const request = { capability: name, parameters: asked } as PermissionRequest;
        const decision = decide(request, context(required));
        if (decision.kind === "allow") expect(capabilityOf(decision.capability).implied).toBeDefined();
        else expect(decision.message).toMatch(/^[A-Z_]+: "[\x20-\x7e\P{C}]*"$/u);
      }),
    );
  });
});
