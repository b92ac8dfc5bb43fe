import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { ROOT, readRepositoryFile } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { fencesOf } from "./fences.ts";
import { NODE } from "./place.ts";

const homes = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("paddock-embed-"));

it("the example embed has the findings of one plugin for each document while two others fail", async () => {
  const [command = ""] = fencesOf(readRepositoryFile("examples/embed/README.md"), "sh").map(({ code }) =>
    code.trim(),
  );
  const [, ...words] = command.split(" ");
  const before = await homes();
  const { exitCode, output } = await runIn(ROOT, [NODE, ...words]);
  expect(exitCode, output).toBe(0);
  const lines = output.trim().split("\n");
  const documents = words.slice(1);
  expect(lines.map((line) => line.split(":")[0])).toEqual(documents);
  for (const line of lines) expect(line).toMatch(/headings \d+ found/);
  const readme = lines.find((line) => line.startsWith("README.md")) ?? "";
  expect(readme).toMatch(/duplicates TIMEOUT/);
  expect(readme).toMatch(/links CRASHED/);
  expect(
    lines.filter((line) => /links (?:CRASHED|PLUGIN_UNAVAILABLE|TIMEOUT)/.test(line)).length,
  ).toBeGreaterThan(1);
  expect(await homes()).toEqual(before);
});
