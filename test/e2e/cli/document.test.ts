import { readFileSync } from "node:fs";
import { enforcementTable, type Privilege } from "@paddock/host";
import { expect, it } from "vitest";
import { paddock } from "./paddock.ts";

const document = readFileSync(new URL("../../../docs/command-line.md", import.meta.url), "utf8");

it("docs/command-line.md shows who holds each limit as the code decides it", () => {
  const table = enforcementTable();
  // Safe: the table has exactly these keys.
  const who = Object.keys(table) as Privilege[];
  const rows = table.root.map(({ limit }, at) => {
    const cells = who.map((one) => `${table[one][at]?.by}: ${table[one][at]?.how}`);
    return `| \`${limit}\` | ${cells.join(" | ")} |`;
  });
  const shown = document.split("<!-- limits and privileges -->")[1]?.split("<!-- end")[0];
  expect(shown?.trim().split("\n").slice(2)).toEqual(rows);
});

it.each(["init", "validate", "run", "exec", "posture", "doctor"])(
  "docs/command-line.md names every option of %s",
  async (command) => {
    const { stdout } = await paddock([command, "--help"]);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1] ?? "");
    const own = options.filter((option) => !["--help", "--version"].includes(option));
    expect(own.length).toBeGreaterThan(1);
    expect(own.filter((option) => !document.includes(option))).toEqual([]);
  },
);
