import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, readRepositoryFile, repositoryFiles } from "../../architecture/repository.ts";
import { fencesOf } from "./fences.ts";
import { createPlace, type Place } from "./place.ts";
import { runShell } from "./run-shell.ts";

const DOCUMENTS = repositoryFiles().filter((path) => /^(?:README|examples\/.*README)\.md$/.test(path));

/** Those that end with something else than 0, and why. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  "npx paddock run examples/nosy look": 77,
};

/** What another test runs, or what is this very run. */
const RUN_ELSEWHERE = /^npm (?:run demo|test|pack|install)\b/;

const blocks = DOCUMENTS.flatMap((document) =>
  fencesOf(readRepositoryFile(document), "sh").flatMap(({ code }) => commandsOf(code)),
);
const commands = [...new Set(blocks)].filter((command) => !RUN_ELSEWHERE.test(command));

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

describe("commands in the documents", () => {
  it.each(commands)("%s", async (command) => {
    const { exitCode, output } = await runShell(command, place.home);
    expect({ exitCode, output: exitCode === 0 ? "" : output }).toMatchObject({
      exitCode: EXIT_CODES[command] ?? 0,
    });
  });

  it("include those that the front page promises", () => {
    expect(blocks).toContain("npm run demo");
    expect(blocks).toContain("npm test");
    expect(commands).toContain("npx paddock run examples/licences report @package-lock.json --json");
  });

  it("show a denial as it really is", async () => {
    const [denial = ""] = fencesOf(readRepositoryFile("README.md"), "console").map(({ code }) => code);
    const [command = "", message = ""] = denial.split("\n");
    const { output } = await runShell(command.replace(/^\$ /, ""), place.home);
    expect(output.split("\n")).toContain(message);
  });

  it("pack the packages under the names that are then installed", async () => {
    const [pack = "", install = ""] = blocks.filter((block) => /^npm (?:pack|install)/.test(block));
    const { exitCode, output } = await runShell(
      pack.replace("--pack-destination ..", `--pack-destination "${place.folder}"`),
      place.home,
    );
    expect(exitCode, output).toBe(0);
    const packed = (await readdir(place.folder))
      .filter((name) => name.endsWith(".tgz"))
      .map((name) => join("..", name));
    expect(packed.sort()).toEqual(install.split(" ").slice(2).sort());
  });
});

it("every example has a page that says how to run it", async () => {
  const folders = (await readdir(join(ROOT, "examples"), { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  );
  const undocumented = folders.filter(({ name }) => !DOCUMENTS.includes(`examples/${name}/README.md`));
  expect(undocumented.map(({ name }) => name)).toEqual([]);
});

/** Commands without their comments; a line that ends with "|" goes on in the next one. */
function commandsOf(code: string): readonly string[] {
  return code
    .replaceAll(/\|\n\s*/g, "| ")
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");
}
