import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, type Outcome, openArena } from "./arena.js";
import { CALL, INITIALIZE, LATER } from "./request-ids.js";

interface Part {
  readonly text?: string;
  readonly base64?: string;
  readonly times?: number;
}

const LINE_BYTES = 65_536;

const reply = (fields: object): string => `${JSON.stringify({ jsonrpc: "2.0", id: CALL, ...fields })}\n`;
/** For JSON that no serialiser writes. */
const rawReply = (result: string): string => `{"jsonrpc":"2.0","id":${CALL},"result":${result}}\n`;
const failure = (error: unknown): string => reply({ error });

let arena: Arena;
beforeAll(async () => {
  // No guards: these plugins write to the channel itself.
  arena = await openArena({ interpreter: { guards: false }, limits: { timeout: "5s" } });
});
afterAll(async () => arena?.close());

/** A fresh guest each time, so that the number of the call is known. */
async function send(parts: readonly Part[], answers = false): Promise<Outcome> {
  if (arena.host.plugins().some(({ id }) => id === "attacker/writes-raw-bytes"))
    await arena.host.unload("attacker/writes-raw-bytes");
  return arena.attack("writes-raw-bytes", { parts, answers }, { timeoutMs: 3_000 });
}

describe("A guest that breaks the protocol", () => {
  test.each<readonly [what: string, parts: readonly Part[]]>([
    ["something that is no JSON", [{ text: "hello\n" }]],
    ["a megabyte of [", [{ text: "[", times: 2 ** 20 }, { text: "\n" }]],
    ["64 KB of [", [{ text: "[", times: 65_000 }, { text: "\n" }]],
    ["a deep but closed nest", [{ text: "[", times: 200 }, { text: "]", times: 200 }, { text: "\n" }]],
    ["a line of 200 MB", [{ text: "x", times: 200 * 2 ** 20 }]],
    [
      "a line one byte over the limit",
      [{ text: '"' }, { text: "x", times: LINE_BYTES - 1 }, { text: '"\n' }],
    ],
    ["five million keys", [{ text: "{" }, { text: '"a":1,', times: 5_000_000 }, { text: '"b":2}\n' }]],
    [
      "10,001 tokens",
      [{ text: rawReply("[").slice(0, -2) }, { text: "1,", times: 10_001 }, { text: "1]}\n" }],
    ],
    ["invalid UTF-8", [{ base64: Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]).toString("base64") }]],
    [
      "half a surrogate in bytes",
      [{ base64: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a]).toString("base64") }],
    ],
    ["NUL in a method", [{ text: '{"jsonrpc":"2.0","method":"log\\u0000"}\n' }]],
    ["a NUL byte", [{ base64: Buffer.from("\0\n").toString("base64") }]],
    ["a method that is an escape sequence", [{ text: '{"jsonrpc":"2.0","id":1,"method":"\\u001b[2J"}\n' }]],
    ["a reply that is a request", [{ text: `{"jsonrpc":"2.0","id":${CALL},"method":"x","result":1}\n` }]],
    ["a reply with result and error", [{ text: reply({ result: 1, error: { code: 1, message: "" } }) }]],
    ["an id that is no number", [{ text: '{"jsonrpc":"2.0","id":"1","result":1}\n' }]],
    ["an id of 1e999", [{ text: '{"jsonrpc":"2.0","id":1e999,"result":1}\n' }]],
    ["a negative id", [{ text: '{"jsonrpc":"2.0","id":-1,"result":1}\n' }]],
    ["an array of messages", [{ text: '[{"jsonrpc":"2.0","id":1,"result":1}]\n' }]],
    ["another version of JSON-RPC", [{ text: '{"jsonrpc":"1.0","id":1,"result":1}\n' }]],
    ["an error that is a text", [{ text: failure("no") }]],
    ["an error whose message is an object", [{ text: failure({ code: 1, message: {} }) }]],
    ["null", [{ text: "null\n" }]],
  ])("is ended for %s", async (_, parts) => {
    const before = process.memoryUsage().rss;
    const outcome = await send(parts);
    expect(outcome).toMatchObject({ kind: "refused", code: "PROTOCOL_VIOLATION" });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    await arena.assertUnharmed();
  });

  test.each<readonly [what: string, parts: readonly Part[]]>([
    [
      "replies to requests that never were",
      [{ text: `{"jsonrpc":"2.0","id":99,"result":"forged"}\n`, times: 10_000 }],
    ],
    ["replies to requests of the future", LATER.map((id) => ({ text: reply({ id, result: "forged" }) }))],
    [
      "an answer to the handshake, again",
      [{ text: reply({ id: INITIALIZE, result: { protocol: 1, nonce: "x", actions: [] } }) }],
    ],
    [
      "notifications nobody knows",
      [{ text: '{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}\n', times: 5_000 }],
    ],
    [
      "messages of the host, forged",
      [
        { text: '{"jsonrpc":"2.0","id":7,"method":"initialize","params":{}}\n' },
        { text: '{"jsonrpc":"2.0","id":8,"method":"call","params":{"action":"attack"}}\n' },
      ],
    ],
    [
      "capabilities that it was not granted",
      [
        {
          text: `{"jsonrpc":"2.0","id":7,"method":"kv.get","params":{"call":${CALL},"key":"a"}}\n`,
          times: 500,
        },
      ],
    ],
    [
      "capabilities named after what objects have",
      ["constructor", "__proto__", "toString", "hasOwnProperty"].map((method) => ({
        text: `{"jsonrpc":"2.0","id":7,"method":"${method.replaceAll("_", "x")}","params":{"__proto__":{"call":1}}}\n`,
      })),
    ],
    ["empty lines", [{ text: "\n", times: 1_000_000 }]],
    [
      "a line of exactly the limit",
      [
        { text: '{"jsonrpc":"2.0","id":99,"result":"' },
        { text: "x", times: LINE_BYTES - 37 },
        { text: '"}\n' },
      ],
    ],
  ])("gains nothing by %s", async (_, parts) => {
    const outcome = await send(parts, true);
    expect(outcome).toEqual({ kind: "answered", value: "answered in the ordinary way" });
    // The next call is not settled by what was sent before it.
    expect(await arena.attack("writes-raw-bytes", { parts: [], answers: true })).toEqual(outcome);
    await arena.assertUnharmed();
  });

  test("cannot answer a call twice", async () => {
    expect(await send([{ text: reply({ result: "first" }) + reply({ result: "second" }) }])).toEqual({
      kind: "answered",
      value: "first",
    });
    await arena.assertUnharmed();
  });
});

describe("A result that is hostile", () => {
  test.each<readonly [what: string, json: string]>([
    ["__proto__", '{"__proto__":{"polluted":true}}'],
    ["constructor", '{"constructor":{"prototype":{"polluted":true}}}'],
    ["nested __proto__", '[{"a":{"__proto__":{"polluted":true}}}]'],
    ["then", '{"then":"x","catch":{}}'],
    ["toJSON", '{"toJSON":"x","toString":1,"valueOf":null}'],
    ["1e999", "[1e999,-1e999,1e-999,-0]"],
    ["large integers", "[9007199254740993,1234567890123456789012345678901234567890]"],
    ["duplicate keys", '{"a":1,"a":2,"__proto__":1,"__proto__":null}'],
    ["lone surrogates", '"\\ud800 and \\udfff"'],
    ["terminal escapes", '"\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202e"'],
    ["a length", '{"length":4294967295}'],
  ])("reaches the caller as plain data: %s", async (_, json) => {
    const outcome = await send([{ text: rawReply(json) }]);
    expect(outcome.kind).toBe("answered");
    if (outcome.kind === "refused") return;
    expect(JSON.stringify(outcome.value)).toBe(JSON.stringify(JSON.parse(json)));
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await arena.assertUnharmed();
  });
});

describe("A failure that is hostile", () => {
  const controls = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
  test.each<readonly [what: string, error: unknown]>([
    [
      "a code that is an object",
      { code: -32000, message: "x", data: { code: "PLUGIN_ERROR", pluginCode: { toString: 1, valueOf: 1 } } },
    ],
    ["a code of the host's", { code: -32000, message: "x", data: { code: "SETUP_FAILED" } }],
    ["a code that is no code", { code: -32000, message: "x", data: { code: "constructor" } }],
    [
      "a code with a prototype",
      { code: -32000, message: "x", data: { code: "PLUGIN_ERROR", pluginCode: "__proto__" } },
    ],
    ["escapes in the message", { code: -32000, message: "\u001b[2J\u009b31m\u202e\r\nforged line\u0007" }],
    [
      "escapes in the code",
      { code: -32000, message: "x", data: { code: "PLUGIN_ERROR", pluginCode: "\u001b[2J\u202e" } },
    ],
    ["an endless message", { code: -32000, message: "x".repeat(60_000) }],
    [
      "paths and stacks",
      { code: -32000, message: "x", data: { stack: "at /root", cause: "y", path: "/etc" } },
    ],
  ])("becomes an ordinary error: %s", async (_, error) => {
    const outcome = await send([{ text: failure(error) }]);
    expect(outcome).toMatchObject({ kind: "refused", code: "PLUGIN_BUG" });
    if (outcome.kind === "answered") return;
    expect(outcome.message.length).toBeLessThan(2_500);
    expect(outcome.message).not.toMatch(controls);
    expect(outcome.data).not.toHaveProperty("stack");
    await arena.assertUnharmed();
  });
});
