import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWithin } from "./is-within.js";
import type { Parameters } from "./parameter.js";
import { type CapabilityRequest, capabilityRequestSchema, riskOf, sentenceOf } from "./request.js";
import { CAPABILITIES, CAPABILITY_IDS, type CapabilityId, isCapabilityId } from "./vocabulary.js";

const parse = (written: object): CapabilityRequest =>
  capabilityRequestSchema.parse({ reason: "Because.", ...written });

test.each<[object, string, string]>([
  [
    { use: "net.fetch", hosts: ["api.example.com"] },
    "R2",
    "send requests to api.example.com:443 (GET) and read the answers.",
  ],
  [
    { use: "net.fetch", hosts: ["*.example.com"], methods: ["POST", "GET"] },
    "R3",
    "send requests to *.example.com:443 (GET, POST) and read the answers.",
  ],
  [{ use: "net.fetch", hosts: ["*"] }, "R4", "send requests to * (GET) and read the answers."],
  [
    { use: "net.private", cidrs: ["10.0.0.0/8"] },
    "R3",
    "reach machines inside your own network: 10.0.0.0/8.",
  ],
  [
    { use: "net.private", cidrs: ["169.254.169.254/32"] },
    "RX",
    "reach machines inside your own network: 169.254.169.254/32.",
  ],
  [{ use: "fs.temp", max: "50MB" }, "R0", "use 50 MB of temporary space that is erased when it stops."],
  [{ use: "fs.temp", max: "51MB" }, "R1", "use 51 MB of temporary space that is erased when it stops."],
  [{ use: "fs.read", paths: ["/etc/passwd"] }, "R4", "read the files in /etc/passwd."],
  [{ use: "fs.write", paths: ["/usr/lib"] }, "RX", "create, change and delete files in /usr/lib."],
  [{ use: "storage.kv", max: "2MB" }, "R1", "remember up to 2 MB of its own data."],
  [{ use: "env.read", names: ["LANG"] }, "R2", "read the environment variables LANG."],
  [
    { use: "env.read", names: ["LANG", "DATABASE_URL"] },
    "R4",
    "read the environment variables DATABASE_URL, LANG.",
  ],
  [{ use: "user.profile", fields: ["email"] }, "R3", "see email of the person using it."],
  [{ use: "resources.raise", memory: "512MB" }, "R1", "use more of your computer than usual: memory 512 MB."],
  [
    { use: "resources.raise", memory: "513MB", timeout: "1h" },
    "R2",
    "use more of your computer than usual: memory 513 MB, timeout 1 h.",
  ],
])("%j is %s: This plugin can %s", (written, risk, sentence) => {
  const request = parse(written);
  expect(riskOf(request)).toBe(risk);
  expect(sentenceOf(request)).toBe(sentence);
});

test("a request is in normal form: hosts with ports, sorted, each once", () => {
  expect(
    parse({ use: "net.fetch", hosts: ["b.example", "a.example:80", "b.example:443"] }).parameters,
  ).toEqual({
    hosts: ["a.example:80", "b.example:443"],
    methods: ["GET"],
    maxResponseBytes: 10_485_760,
  });
});

test("isCapabilityId() knows no name of JavaScript's own", () => {
  expect(isCapabilityId("constructor")).toBe(false);
  expect(isCapabilityId("__proto__")).toBe(false);
  expect(isCapabilityId("net.fetch")).toBe(true);
});

test("every capability has a sentence that names all its parameters or none", () => {
  for (const id of CAPABILITY_IDS) {
    const { sentence, parameters } = CAPABILITIES[id];
    const fields = Object.values(parameters).map(({ field }) => field);
    for (const [, field] of sentence.matchAll(/\{(\w+)\}/g)) expect(fields).toContain(field);
  }
});

describe("isWithin()", () => {
  test.each<[CapabilityId, Parameters, Parameters, boolean]>([
    ["storage.kv", { maxBytes: 10 }, { maxBytes: 10 }, true],
    ["storage.kv", { maxBytes: 11 }, { maxBytes: 10 }, false],
    ["storage.kv", { maxBytes: -1 }, { maxBytes: 10 }, false],
    ["storage.kv", { maxBytes: Number.NaN }, { maxBytes: 10 }, false],
    ["storage.kv", {}, { maxBytes: 10 }, true],
    ["storage.kv", { other: 1 }, { maxBytes: 10 }, false],
    ["log.write", {}, {}, true],
    [
      "net.fetch",
      { hosts: [], methods: ["GET"] },
      { hosts: ["*"], methods: ["GET"], maxResponseBytes: 1 },
      false,
    ],
    ["net.fetch", { methods: ["GET"] }, { hosts: ["*"], methods: ["GET"], maxResponseBytes: 1 }, false],
    ["net.fetch", { hosts: ["a.b:443"], methods: ["PUT"] }, { hosts: ["*"], methods: ["GET"] }, false],
    ["events.publish", { topics: ["orders.paid"] }, { topics: ["orders.*"] }, true],
    ["events.publish", { topics: ["orders"] }, { topics: ["orders.*"] }, false],
    ["secret.read", { name: "b" }, { name: "a" }, false],
    ["resources.raise", { memoryBytes: 5 }, { memoryBytes: 5, timeoutMs: 1 }, true],
    ["resources.raise", { memoryBytes: 5 }, { timeoutMs: 1 }, false],
  ])("of %s: %j inside %j is %j", (use, asked, allowed, isInside) =>
    expect(isWithin(use, asked, allowed)).toBe(isInside),
  );

  test("holds for equals and passes on", () => {
    const hosts = fc.uniqueArray(
      fc.constantFrom("*", "*.a.b:443", "*.x.a.b:443", "y.x.a.b:443", "a.b:443", "c.d:80"),
      { minLength: 1, maxLength: 3 },
    );
    const size = fc.nat(3);
    const request = fc.record({ hosts, methods: fc.constant(["GET"]), maxResponseBytes: size });
    fc.assert(
      fc.property(request, request, request, (a, b, c) => {
        expect(isWithin("net.fetch", a, a)).toBe(true);
        if (isWithin("net.fetch", a, b) && isWithin("net.fetch", b, c))
          expect(isWithin("net.fetch", a, c)).toBe(true);
      }),
    );
  });
});
