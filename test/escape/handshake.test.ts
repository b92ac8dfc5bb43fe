import { afterAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";
import { INITIALIZE } from "./request-ids.js";

const good = { protocol: 1, nonce: "0".repeat(32), actions: ["attack"] };

/** What the plugin is told to answer: as JSON, since some of it is nothing that a serialiser writes. */
const FORGERIES: readonly (readonly [what: string, config: object, code: string])[] = [
  ["the wrong nonce", { result: JSON.stringify(good) }, "PROTOCOL_VIOLATION"],
  ["an empty answer", { result: "{}" }, "PROTOCOL_VIOLATION"],
  ["null", { result: "null" }, "PROTOCOL_VIOLATION"],
  ["a version of the future", { result: JSON.stringify({ ...good, protocol: 99 }) }, "PROTOCOL_VIOLATION"],
  [
    "a version that is an object",
    { result: '{"protocol":{"toString":1,"valueOf":1}}' },
    "PROTOCOL_VIOLATION",
  ],
  [
    "a version that clears the screen",
    { result: '{"protocol":"\\u001b[2J\\u009b\\u202e"}' },
    "PROTOCOL_VIOLATION",
  ],
  ["a nonce that is an object", { result: '{"protocol":1,"nonce":{"length":32}}' }, "PROTOCOL_VIOLATION"],
  [
    "actions with a prototype",
    { result: '{"protocol":1,"nonce":"x","actions":{"__proto__":["attack"]}}' },
    "PROTOCOL_VIOLATION",
  ],
  [
    "a failure with an object for a code",
    { error: '{"code":1,"message":"x","data":{"code":"PLUGIN_ERROR","pluginCode":{"toString":1}}}' },
    "START_FAILED",
  ],
  ["a failure with escapes", { error: '{"code":1,"message":"\\u001b[2J\\u009b\\u202e"}' }, "START_FAILED"],
  [
    "a failure of the host's",
    { error: '{"code":1,"message":"x","data":{"code":"SETUP_FAILED"}}' },
    "START_FAILED",
  ],
  ["a closed channel", { closes: true }, "START_FAILED"],
];

describe("forges-its-handshake", () => {
  let arena: Arena | undefined;
  afterAll(async () => arena?.close());

  test.each(FORGERIES)("does not start with %s", async (_, config, code) => {
    await arena?.close();
    arena = await openArena({
      interpreter: { guards: false },
      limits: { startTimeout: "5s" },
      plugins: { "attacker/forges-its-handshake": { config: { ...config, id: INITIALIZE } } },
    });
    const startedAt = performance.now();
    const outcome = await arena.attack("forges-its-handshake");
    expect(outcome).toMatchObject({ kind: "refused" });
    if (outcome.kind === "answered") return;
    expect(`${outcome.code}: ${outcome.message}`).toMatch(new RegExp(`^(${code}|PROTOCOL_VIOLATION)`));
    expect(JSON.stringify(outcome)).not.toMatch(/[\u007f-\u009f\u202a-\u202e]|\\u001b/);
    expect(performance.now() - startedAt).toBeLessThan(4_500);
    await arena.assertUnharmed();
  });
});
