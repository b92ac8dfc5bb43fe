import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHost } from "@paddock/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, readRepositoryFile } from "../../architecture/repository.ts";
import { runIn } from "../../packaging/run-in.ts";
import { fencesOf } from "./fences.ts";
import { createPlace, NODE, type Place } from "./place.ts";

const FIRST_SCREEN_LINES = 15;

/** What a snippet in the middle of the page leaves out. */
const IMPORT = 'import { createHost } from "@paddock/host";\n';

const readme = readRepositoryFile("README.md");
const [embed = "", plugin = "", configured = "", ...others] = fencesOf(readme, "ts").map(({ code }) => code);
const [manifest = ""] = fencesOf(readme, "yaml").map(({ code }) => code);

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

it("the README has no code but what is tested here", () => {
  expect(others).toEqual([]);
  expect(new Set(fencesOf(readme).map(({ language }) => language))).toEqual(
    new Set(["ts", "yaml", "sh", "console"]),
  );
});

it("the README embeds Paddock in fifteen lines that print what their comment says", async () => {
  expect(embed.trim().split("\n").length).toBeLessThanOrEqual(FIRST_SCREEN_LINES);
  const said = /console\.log\(discount\); \/\/ (.*)/.exec(embed)?.[1];
  const { exitCode, output } = await runScript("embed.mts", embed);
  expect({ exitCode, output: output.trim().replaceAll("'", '"') }).toEqual({ exitCode: 0, output: said });
});

it("the README's plugin does what it says", async () => {
  const folder = join(place.folder, "greeter");
  await mkdir(join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "plugin.yaml"), manifest);
  await writeFile(join(folder, "src/main.ts"), plugin);
  await using host = await createHost({ home: place.home });
  await host.load(folder);
  const greet = () => host.call("acme/greeter", "greet", { name: "Ada" });
  expect(await greet()).toEqual({ greeting: "Hello Ada" });
  await expect(greet()).rejects.toMatchObject({
    code: "PLUGIN_ERROR",
    data: { pluginCode: "UNKNOWN_GUEST" },
  });
});

it("the README's configuration is one that a host takes", async () => {
  const { exitCode, output } = await runScript("configured.mts", IMPORT + configured);
  expect({ exitCode, output }).toEqual({ exitCode: 0, output: "" });
});

it("the README's code is well typed", async () => {
  await cp(join(ROOT, "tsconfig.base.json"), join(place.folder, "tsconfig.base.json"));
  await mkdir(join(place.folder, "types"));
  const snippets = { embed, plugin, configured: IMPORT + configured };
  for (const [name, code] of Object.entries(snippets))
    await writeFile(join(place.folder, `types/${name}.mts`), code);
  const options = { composite: false, noEmit: true, noUnusedLocals: false, types: ["node"] };
  await writeFile(
    join(place.folder, "tsconfig.json"),
    JSON.stringify({ extends: "./tsconfig.base.json", compilerOptions: options, include: ["types/*"] }),
  );
  const ran = await runIn(place.folder, [NODE, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."]);
  expect(ran).toEqual({ exitCode: 0, output: "" });
});

/** Runs a snippet in the repository as it is, but for the host's state, which goes to the test's own home. */
async function runScript(
  name: string,
  code: string,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const home = JSON.stringify(place.home);
  const placed = code
    .replace("createHost()", `createHost({ home: ${home} })`)
    .replace("createHost({\n", `createHost({\n  home: ${home},\n`);
  expect(placed).toContain("home:");
  await writeFile(join(place.folder, name), placed);
  return runIn(ROOT, [NODE, join(place.folder, name)]);
}
