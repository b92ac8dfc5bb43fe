import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPythonWorkshop, type PythonWorkshop } from "./python-guest.js";

/** The plugin that conversations.json talks to, as plain functions and as coroutines. */
const PLAIN = `
from paddock import PermissionError, action, fail

@action
def echo(input): return input

@action
def nothing(): pass

@action
def refuse(input): raise fail("SOLD_OUT", "There are none left.", input)

@action
def bug(input): return input["missing"]["field"]

@action
def repeat(input): return input[0] * input[1]

@action
def nest(levels):
    value = []
    for _ in range(levels - 1): value = [value]
    return value

@action
def log(input, ctx): ctx.log.info(input, {"n": 1})

@action
def remember(input, ctx):
    ctx.kv.set("last", input)
    value = ctx.kv.get("last")
    other = ctx.kv.get("other")
    keys = ctx.kv.list("l", limit=10)
    ctx.kv.delete("last")
    return {"value": value, "other": other, "keys": keys}

@action
def denied(input, ctx):
    try:
        return ctx.kv.get("last")
    except PermissionError as error:
        return [type(error).__name__, error.code, error.capability]

@action
def wait(input, ctx):
    ctx.signal.wait()
    ctx.signal.raise_if_aborted()
`;

const COROUTINES = PLAIN.replaceAll(/^def /gm, "async def ")
  .replaceAll(/ctx\.kv\./g, "await ctx.kv.")
  .replace(/ctx\.signal\.wait\(\)[\s\S]*$/, "await asyncio.sleep(60)\n")
  .replace("\n", "\nimport asyncio\n");

const OLDER = `
import main_functions
class Plugin:
    async def handle(self, action, payload, ctx):
        run = getattr(main_functions, action)
        count = run.__code__.co_argcount
        return await run(*(payload, ctx)[:count])
`;

let workshop: PythonWorkshop;

beforeAll(async () => {
  workshop = await createPythonWorkshop();
});
afterAll(() => workshop.close());

const shapes = [
  ["functions", { main: PLAIN }],
  ["coroutines", { main: COROUTINES }],
  [
    "the older class",
    {
      main: OLDER,
      files: { "main_functions.py": COROUTINES.replaceAll("@action\n", "") },
      actions: [..."echo nothing refuse bug repeat nest log remember denied wait".split(" ")],
    },
  ],
] as const;

describe.each(shapes)("a Python guest holds every conversation of the vectors with %s", (_, plugin) => {
  test.each(readConversations())("$name", async ({ steps }) => {
    const { guest, entry } = workshop.launch(plugin);
    expect(await guest.initialize(entry)).toMatchObject({
      id: 1,
      result: { protocol: 1, nonce: "bm9uY2U", actions: expect.arrayContaining(["echo", "wait"]) },
    });
    for (const step of steps) {
      if ("host" in step) guest.send(step.host);
      else expect(await guest.next()).toMatchObject({ jsonrpc: "2.0", ...step.guest });
    }
    guest.hangUp();
    expect((await guest.ended).code).toBe(0);
  });
});

type Step = { readonly host: object } | { readonly guest: object };

function readConversations(): readonly { readonly name: string; readonly steps: readonly Step[] }[] {
  const url = new URL("../conformance/vectors/conversations.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}
