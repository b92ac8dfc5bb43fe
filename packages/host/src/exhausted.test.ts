import { open } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { exhaustedHint } from "./exhausted.js";

const failing = (code: string) => Object.assign(new Error("it failed"), { code });

describe("exhaustedHint()", () => {
  it.each([
    ["EMFILE", "open files"],
    ["ENFILE", "fs.file-max"],
    ["EAGAIN", "processes"],
    ["ENOMEM", "memory"],
  ])("says what is needed more of: %s", (code, words) => {
    expect(exhaustedHint(failing(code))).toContain(words);
  });

  it("says nothing about other failures", async () => {
    const absent = await open("/absent").catch((error: unknown) => error);
    for (const error of [absent, failing("constructor"), new Error("EMFILE"), "EMFILE", undefined])
      expect(exhaustedHint(error)).toBe(undefined);
  });
});
