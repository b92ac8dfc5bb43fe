import type { PluginOverview } from "@paddock/host";
import { createColors } from "picocolors";
import { expect, test } from "vitest";
import { formatGuests } from "./format-plugins.js";

function guestOf(id: string): PluginOverview {
  const guest = { tenant: "main", pid: 7, condition: "ready", upMs: 1_000, calls: 0, isStandby: false };
  // Safe: what a line of guests shows, and nothing else of a plugin.
  return { id, limits: { memoryBytes: 1 }, guests: [guest] } as unknown as PluginOverview;
}

test("formatGuests() tells plugins of one publisher apart in 80 columns", () => {
  const plugins = ["example/typescript-one", "example/javascript-one", "example/a"].map(guestOf);
  const stream = { colors: createColors(false), width: 80, isTerminal: true, write: () => undefined };
  const shown = formatGuests(plugins, stream)
    .split("\n")
    .slice(1, 4)
    .map((line) => line.split(" ", 1)[0]);
  expect(shown).toEqual(["types…pt-one", "javas…pt-one", "example/a"]);
});
