import { expect, it } from "vitest";
import { readRepositoryFile, repositoryFiles } from "./repository.ts";

/** What belongs to the place where somebody works, not to the project. Written so that no line matches itself. */
const FOREIGN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a path of one machine", pattern: /(?:^|[^A-Za-z0-9_.])\/(?:wor[k]|far[m])\// },
  { what: "a folder beside the repository", pattern: /\.\.\/share[d]|\.librar[y]\b/ },
  { what: "a package registry", pattern: /https?:\/\/[a-z0-9.-]*registr[y][a-z0-9.-]*|registr[y]\.npmjs/ },
  { what: "unfinished work", pattern: /\b(?:TOD[O]|FIXM[E])\b/ },
];

it.each(FOREIGN)("no file mentions $what", ({ pattern }) => {
  const found = repositoryFiles().flatMap((path) =>
    readRepositoryFile(path)
      .split("\n")
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  );
  expect(found).toEqual([]);
});

it("the lockfile lets npm choose where packages come from", () => {
  const addresses = readRepositoryFile("package-lock.json").match(/"resolved": "https?:[^"]*"/g) ?? [];
  expect(addresses).toEqual([]);
});
