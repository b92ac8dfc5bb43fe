import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAttachments } from "./attachments.js";
import { detach } from "./detach.js";
import { formatPointer, leadsToNull, parsePointer, placeAt } from "./pointer.js";

interface Vector {
  readonly name: string;
  readonly attachments: unknown;
  readonly value?: unknown;
  /** The value as text, where an object literal would mean something else. */
  readonly text?: string;
  /** Pointers that lead to a null. */
  readonly places?: readonly string[];
  readonly words?: string;
}

function readVectors(): readonly Vector[] {
  const url = new URL("../../../../test/conformance/vectors/attachments.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

describe("attachments", () => {
  it.each(readVectors())("are as the vector says: $name", ({ attachments, value, text, places, words }) => {
    const parsed = parseAttachments(attachments);
    if (words !== undefined) {
      expect(parsed).toBe(words);
      return;
    }
    expect(parsed).toEqual(attachments);
    const root: unknown = text === undefined ? value : JSON.parse(text);
    const found = typeof parsed === "string" ? [] : parsed.filter(({ at }) => leadsToNull({ root }, at));
    expect(found.map(({ at }) => at)).toEqual(places);
  });

  it("never throws, whatever was sent", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseAttachments(value);
        parseAttachments([value, { at: "", kind: value, stream: value, file: value, name: value }]);
      }),
    );
  });

  it("go back to where they were taken from", () => {
    const leaf = fc.uint8Array({ maxLength: 3 });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small", maxDepth: 5 },
        leaf,
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor")), tie("tree"), {
          maxKeys: 3,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const taken = detach(value, (part) => (part instanceof Uint8Array ? part : undefined));
        if (taken === undefined) return;
        const rooted = { root: taken.json };
        for (const one of taken.detached) expect(placeAt(rooted, one.at, one.value)).toBe(true);
        expect(rooted.root).toEqual(value);
      }),
    );
  });
});

describe("a pointer", () => {
  it("means the same after it was written and read", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (steps) => {
        expect(parsePointer(formatPointer(steps))).toEqual(steps);
      }),
    );
  });

  it("changes no prototype", () => {
    const root = { a: null };
    for (const at of ["/__proto__/polluted", "/constructor/prototype/polluted", "/__proto__"]) {
      expect(placeAt({ root }, at, "polluted")).toBe(false);
    }
    expect(Object.getPrototypeOf(root)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });
});
