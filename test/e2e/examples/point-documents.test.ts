import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, readRepositoryFile } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { fencesOf } from "./fences.ts";
import { createPlace, NODE, type Place } from "./place.ts";

const MANIFEST = {
  manifest: 1,
  id: "acme/guestbook",
  version: "1.0.0",
  runtime: { kind: "node", entry: "main.ts" },
  actions: { sign: { errors: { ALREADY_SIGNED: "This name is in the book already." } } },
  permissions: { required: [{ use: "storage.kv", max: "1MB" }] },
};

let place: Place;
beforeAll(async () => {
  place = await createPlace();
  await cp(join(ROOT, "tsconfig.base.json"), join(place.folder, "tsconfig.base.json"));
});
afterAll(() => place[Symbol.asyncDispose]());

it.each([
  ["docs/extension-points.md", ["built/ask.test.js"], "pass 1"],
  ["docs/testing-plugins.md", ["main.test.ts", "walls.test.ts"], "pass 4"],
])("the code of %s is well typed and its tests pass", async (document, tests, passed) => {
  const folder = join(place.folder, document.replaceAll(/\W/g, "-"));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "plugin.json"), JSON.stringify(MANIFEST));
  const files = fencesOf(readRepositoryFile(document), "ts").map(({ code }) => code);
  for (const code of files) await writeFile(join(folder, /^\/\/ (\S+)/.exec(code)?.[1] ?? ""), code);
  const isBuilt = tests.some((test) => test.endsWith(".js"));
  const emit = isBuilt ? { outDir: "built" } : { noEmit: true, allowImportingTsExtensions: true };
  const options = { composite: false, declaration: false, declarationMap: false, types: ["node"], ...emit };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../tsconfig.base.json", compilerOptions: options, include: ["*.ts"] }),
  );
  expect(await runIn(folder, [NODE, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."])).toEqual({
    exitCode: 0,
    output: "",
  });
  const { exitCode, output } = await runIn(folder, [NODE, "--test", ...tests]);
  expect(output).toContain(passed);
  expect(exitCode).toBe(0);
});
