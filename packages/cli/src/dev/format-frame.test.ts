import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import pc from "picocolors";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Stream } from "../terminal.js";
import { formatFrames } from "./format-frame.js";

const stream: Stream = {
  isTerminal: false,
  width: 60,
  colors: pc.createColors(false),
  write: () => undefined,
};
const at = (...places: readonly string[]) =>
  new PaddockError("BUNDLE_FAILED", "", {
    data: { problems: places.map((place) => ({ at: place, message: "" })) },
  });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "frame-"));
  await writeFile(join(folder, "main.js"), "one\ntwo\nlet \u001b[31m = (\nfour");
});
afterEach(() => rm(folder, { recursive: true }));

it("shows the line, what comes before it, and where", async () => {
  expect(await formatFrames(at("main.js:3:5"), folder, stream)).toBe(
    "  1 | one\n  2 | two\n  3 | let \\u{1b}[31m = (\n    |     ^\n",
  );
});

it.each([["main.js"], [""], ["gone.js:1:1"], ["../main.js:1:1"], ["/etc/passwd:1:1"], ["main.js:99:1"]])(
  "shows nothing for %j",
  async (place) => expect(await formatFrames(at(place), folder, stream)).toBe(""),
);

it("shows nothing for another error", async () => {
  expect(await formatFrames(new PaddockError("TIMEOUT", ""), folder, stream)).toBe("");
});
