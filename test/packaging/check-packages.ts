/**
 * What npm would publish, installed into an empty project: it imports, it can be required, its types hold
 * under an older TypeScript with both kinds of module resolution, and the command starts.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npmCommand } from "../../scripts/setup/npm-command.mjs";
import { packPublished } from "./pack-published.ts";
import { runIn } from "./run-in.ts";

const CONSUMER = join(import.meta.dirname, "consumer");

/** The oldest TypeScript whose users we promise types that compile. */
const OLDEST_TYPESCRIPT = "typescript@5.9.3";

const CHECKS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: "import", command: ["node", "import.mjs"] },
  { name: "require()", command: ["node", "require.cjs"] },
  { name: "types, nodenext", command: ["node_modules/.bin/tsc", "-p", "tsconfig.nodenext.json"] },
  { name: "types, bundler", command: ["node_modules/.bin/tsc", "-p", "tsconfig.bundler.json"] },
  { name: "paddock --help", command: ["node_modules/.bin/paddock", "--help"] },
];

const directory = await mkdtemp(join(tmpdir(), "packed-"));
try {
  const project = join(directory, "consumer");
  await installInto(project, await packPublished(directory));
  for (const { name, command } of CHECKS) await check(name, project, command);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function installInto(project: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const packages = [...tarballs, OLDEST_TYPESCRIPT, `@types/node@${await nodeTypesVersion()}`];
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { exitCode, output } = await runIn(project, [...npmCommand(), "install", ...flags, ...packages]);
  if (exitCode !== 0) throw new Error(`Cannot install the packed packages:\n${output}`);
  await cp(CONSUMER, project, { recursive: true });
}

/** The version this repository uses, so that npm finds it in its cache. */
async function nodeTypesVersion(): Promise<string> {
  // Every package.json has a version, and this one is installed.
  return (JSON.parse(await readFile("node_modules/@types/node/package.json", "utf8")) as { version: string })
    .version;
}

async function check(name: string, project: string, command: readonly string[]): Promise<void> {
  const { exitCode, output } = await runIn(project, command);
  console.log(`${exitCode === 0 ? "passed" : "failed"}  ${name}`);
  if (exitCode === 0) return;
  console.log(output);
  process.exitCode = 1;
}
