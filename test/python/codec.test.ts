import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findExcess } from "@paddock/contract";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPythonWorkshop, type PythonWorkshop } from "./python-guest.js";

const SDK = fileURLToPath(new URL("../../sdks/python", import.meta.url));

let workshop: PythonWorkshop;
beforeAll(async () => {
  workshop = await createPythonWorkshop();
});
afterAll(() => workshop.close());

/** Runs a Python expression over each line; `line` is text, the answers are JSON. */
function evaluate(expression: string, lines: readonly string[]): readonly unknown[] {
  const script = `import json, sys
sys.path.append(${JSON.stringify(SDK)})
from paddock._guest.bounds import find_misfit
from paddock._guest.json_text import dumps, loads
def attempt(line):
    try: return ${expression}
    except ValueError as error: return {"refused": str(error)}
print(json.dumps([attempt(line) for line in json.load(sys.stdin)]))`;
  const input = JSON.stringify(lines);
  return JSON.parse(
    execFileSync(workshop.python, ["-I", "-S", "-B", "-c", script], {
      input,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    }),
  );
}

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../conformance/vectors/${name}.json`, import.meta.url), "utf8"));

describe("the codec of the Python guest", () => {
  it("reads every message of the vectors as the host means it, and writes it back", () => {
    const lines: readonly string[] = vectors("messages").map(({ line }: { line: string }) => line);
    expect(evaluate("loads(line)", lines)).toEqual(lines.map((line) => JSON.parse(line)));
    const written = evaluate("dumps(loads(line)).decode()", lines);
    expect(written.map((line) => JSON.parse(String(line)))).toEqual(lines.map((line) => JSON.parse(line)));
  });

  it("refuses what is no JSON", () => {
    const lines = ["", "{", "[1", "1 2", "{}{}", "nul", "'a'", '{"a":1,}', '"\n"', "\ufeff1"];
    for (const answer of evaluate("loads(line)", lines)) expect(answer).toHaveProperty("refused");
  });

  it("agrees with JavaScript about any JSON", () => {
    const samples = fc.sample(fc.json({ maxDepth: 6 }), 500);
    const expected = samples.map((line) => JSON.parse(line));
    expect(evaluate("json.loads(dumps(loads(line)))", samples)).toEqual(expected);
  });

  it("measures a line as the host does", () => {
    const odd = fc.array(
      fc.constantFrom(...'[]{},:"\\ab1 "', '\\"', "\\\\", '"]"', "[".repeat(40), ",".repeat(90)),
      {
        maxLength: 400,
      },
    );
    const whole = fc
      .json({ maxDepth: 8 })
      .map((text) => `{"id":1,"result":[${text},${JSON.stringify(text)}]}`);
    const lines = [
      ...fc.sample(whole, 300),
      ...fc.sample(odd, 300).map((parts) => JSON.stringify([parts.join(""), "é".repeat(200)])),
      `${"[".repeat(128)}${"]".repeat(128)}`,
      `${"[".repeat(129)}${"]".repeat(129)}`,
      `[${"1,".repeat(9_997)}1]`,
      `[${"1,".repeat(9_999)}1]`,
      `["${"[".repeat(300)}"]`,
      `["\\"${"[".repeat(300)}\\\\"]`,
    ];
    const found = evaluate("find_misfit(line.encode(), 10 ** 9)", lines);
    expect(found).toEqual(lines.map((line) => findExcess(line) ?? null));
  });
});
