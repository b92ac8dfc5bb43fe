import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesWorkspace, parseWorkspacePatterns, WORKSPACE_MAX_PATTERNS } from "./workspace-patterns.js";

function matches(path: string, patterns: readonly unknown[]): boolean {
  return matchesWorkspace(path, parseWorkspacePatterns(patterns));
}

describe("matchesWorkspace()", () => {
  it.each([
    ["plugins/one", ["plugins/*"], true],
    ["plugins/one", ["./plugins/one/"], true],
    ["plugins/one/deep", ["plugins/*"], false],
    ["plugins/one/deep", ["plugins/**"], true],
    ["plugins/one/deep", ["**"], true],
    ["plugins/one/deep", ["**/d*p"], true],
    ["plugins/shop-one", ["plugins/shop-*"], true],
    ["plugins/a-b-c", ["plugins/*-b-*"], true],
    ["plugins/one", ["plugins/*", "!plugins/one"], false],
    ["plugins/one", ["!plugins/one", "plugins/*"], false],
    ["plugins/one", ["plugins/*", "!**/{one,two}"], false],
    ["plugins/.one", ["plugins/*", "!plugins/*"], false],
    ["plugins/one", ["plugins/{one,two}"], false],
    ["plugins/one", [], false],
    ["one", ["plugins/*"], false],
    ["", ["**", "*", ".", ""], false],
    ["../one", ["**", "../*"], false],
    ["a/node_modules/b", ["**"], false],
    [".cache/b", ["**", "*/b"], false],
    [".plugins/b", [".plugins/*"], true],
    ["one", [1, null, ["one"]], false],
  ])("%s in %j: %s", (path, patterns, expected) => {
    expect(matches(path, patterns)).toBe(expected);
  });

  it("has no members with more patterns than anybody writes", () => {
    expect(matches("one", Array(WORKSPACE_MAX_PATTERNS + 1).fill("one"))).toBe(false);
  });

  it("says what a regular expression says", () => {
    const segment = fc.constantFrom("*", "**", "a", "b", "a*", "*a", "a*b", "*b*");
    const name = fc.stringMatching(/^[ab]{1,3}$/);
    const paths = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(paths, fc.array(segment, { minLength: 1, maxLength: 4 }), (path, pattern) => {
        const source = pattern.map((each) =>
          each === "**" ? "(?:[^/]+/)*" : `${each.replaceAll("*", "[^/]*")}/`,
        );
        const expected = new RegExp(`^${source.join("")}$`).test(`${path}/`);
        expect(matches(path, [pattern.join("/")])).toBe(expected);
      }),
    );
  });

  it("takes no time for a pattern that is made to take long", () => {
    const startedAt = performance.now();
    matches(`${"a/".repeat(1_000)}a`, [`${"**/a/".repeat(1_000)}b`]);
    matches("a".repeat(255), [`${"*a".repeat(1_000)}b`]);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
