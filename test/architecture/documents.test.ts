import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ERRORS } from "@paddock/contract";
import { expect, it } from "vitest";
import { codeFences, fileLinks } from "./markdown.ts";
import { ROOT, readRepositoryFile, repositoryFiles } from "./repository.ts";

const documents = repositoryFiles().filter((path) => path.endsWith(".md"));

it("every link of a document to a file leads to one", () => {
  const broken = documents.flatMap((document) =>
    fileLinks(readRepositoryFile(document))
      .filter((link) => !existsSync(join(ROOT, dirname(document), link)))
      .map((link) => `${document} -> ${link}`),
  );
  expect(broken).toEqual([]);
});

it("no document tells users to run somebody else's package", () => {
  // `paddock` on npm is not ours: only from the clone, where our own is installed, npx finds the right one.
  const bare = documents.flatMap((document) =>
    readRepositoryFile(document)
      .split("\n")
      .filter((line) => line.includes("npx paddock") && !line.includes("examples/"))
      .map((line) => `${document}: ${line.trim()}`),
  );
  expect(bare).toEqual([]);
});

it("docs/errors.md says what to do about every error", () => {
  const [, section = ""] = /^## What to do\n(.*?)^## /ms.exec(readRepositoryFile("docs/errors.md")) ?? [];
  const named = section
    .split("\n")
    .filter((line) => /^\| `.*\|.*\S.*\|.*\S.*\|$/.test(line))
    .flatMap((line) => (line.split("|")[1] ?? "").match(/[A-Z_]+/g) ?? []);
  expect(named).toEqual(Object.keys(ERRORS));
});

it("the scripts and commands in the documents' code exist", () => {
  const scripts = Object.keys(
    (JSON.parse(readRepositoryFile("package.json")) as { scripts: object }).scripts,
  );
  const commands = repositoryFiles().filter((path) => path.startsWith("packages/cli/src/"));
  const unknown = documents.flatMap((document) =>
    codeFences(readRepositoryFile(document))
      .flatMap((code) => code.split("\n"))
      .filter((line) => !isKnown(line, scripts, commands))
      .map((line) => `${document}: ${line}`),
  );
  expect(unknown).toEqual([]);
});

/** True for a line that starts neither a script nor a `paddock` command, or one that exists. */
function isKnown(line: string, scripts: readonly string[], commandFiles: readonly string[]): boolean {
  const words = line.trim().replace(/^\$ /, "").replace(/^npx /, "").split(/\s+/);
  if (words[0] === "npm" && words[1] === "run") return scripts.includes(words[2] ?? "");
  if (words[0] === "npm" && words[1] === "test") return scripts.includes("test");
  if (words[0] !== "paddock" || !/^[a-z]+$/.test(words[1] ?? "")) return true;
  return commandFiles.some((path) => path.endsWith(`/${words[1]}.ts`));
}
