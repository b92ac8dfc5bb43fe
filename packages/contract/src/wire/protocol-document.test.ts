import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as limits from "./limits.js";

const document = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");

const bounds = Object.entries(limits).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number",
);

test.each(bounds)("docs/protocol.md says that %s is %i", (name, value) => {
  expect(document).toContain(`| \`${name}\` | ${value.toLocaleString("en-US")} |`);
});

test("docs/protocol.md describes the newest version", () => {
  expect(document).toContain(`This\nis protocol version ${limits.PROTOCOL.max}.`);
});

test.each(["messages", "bad-lines", "conversations"])(
  "docs/protocol.md covers every method of %s.json",
  (name) => {
    const vectors = readFileSync(
      new URL(`../../../../test/conformance/vectors/${name}.json`, import.meta.url),
      "utf8",
    );
    const methods = vectors.matchAll(/\\?"method\\?": ?\\?"([a-z$/.]+)\\?"/gi);
    for (const [, method] of methods) {
      if (method !== "teleport") expect(document).toContain(`\`${method}\``);
    }
  },
);
