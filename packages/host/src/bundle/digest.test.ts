import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, type FileEntry, hexOf } from "./digest.js";

const path = fc.stringMatching(/^[a-zé€😀/. -]{1,12}$/u);
const entry: fc.Arbitrary<FileEntry> = fc.record({
  path,
  mode: fc.constantFrom("0644", "0755"),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  bytes: fc.nat(),
});
const files = fc.uniqueArray(entry, { selector: (file) => file.path, minLength: 1, maxLength: 12 });

describe("digestOf()", () => {
  it("is the same in every order of arrival", () => {
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.nat()), (list, keys) => {
        const shuffled = list
          .map((file) => ({ file, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ file }) => file);
        expect(digestOf(shuffled)).toBe(digestOf(list));
      }),
    );
  });

  it("changes with any one name, mode or content, and with any file more or less", () => {
    fc.assert(
      fc.property(files, fc.nat(), entry, (list, at, other) => {
        const index = at % list.length;
        const changed = (change: Partial<FileEntry>) =>
          digestOf(list.map((file, position) => (position === index ? { ...file, ...change } : file)));
        const file = list[index];
        const digest = digestOf(list);
        if (list.some((each) => each.path === other.path)) return;
        expect(changed({ path: other.path })).not.toBe(digest);
        expect(changed({ mode: file?.mode === "0644" ? "0755" : "0644" })).not.toBe(digest);
        if (other.sha256 !== file?.sha256) expect(changed({ sha256: other.sha256 })).not.toBe(digest);
        expect(digestOf([...list, other])).not.toBe(digest);
        expect(digestOf(list.toSpliced(index, 1))).not.toBe(digest);
      }),
    );
  });

  it("sorts by bytes, as sha256sum and sort in the C locale do", () => {
    const file = (name: string): FileEntry => ({
      path: name,
      mode: "0644",
      sha256: "0".repeat(64),
      bytes: 0,
    });
    // printf '%s\n' "000…0 0644 B" "000…0 0644 a" "000…0 0644 é" | sha256sum
    expect(digestOf([file("é"), file("a"), file("B")])).toBe(
      "sha256:801dbed525c98a47f360e662785bde87979c74bc2be9d2cfd1f8ad114c3cdcc7",
    );
  });

  it("refuses a line break in a name, which would let one file pass for two", () => {
    expect(() => digestOf([{ path: "a\nb", mode: "0644", sha256: "", bytes: 0 }])).toThrow(RangeError);
  });
});

it("hexOf() refuses everything that could lead to another folder", () => {
  expect(() => hexOf("sha256:../../etc")).toThrow(RangeError);
});
