import { join } from "node:path";
import { npmCommand } from "../../scripts/setup/npm-command.mjs";
import { runIn } from "./run-in.ts";

const PUBLISHED = ["@paddock/contract", "@paddock/sdk", "@paddock/host", "@paddock/server", "@paddock/cli"];

/** Files that are of no use to whoever installs the package; a template's test is a part of the template. */
const UNWANTED = /^(?!templates\/).*\.test\./;

/** The tarballs that `npm publish` would send, by path. */
export async function packPublished(directory: string): Promise<readonly string[]> {
  const workspaces = PUBLISHED.flatMap((name) => ["--workspace", name]);
  const { exitCode, output } = await runIn(process.cwd(), [
    ...npmCommand(),
    "pack",
    "--json",
    "--loglevel=error",
    "--pack-destination",
    directory,
    ...workspaces,
  ]);
  if (exitCode !== 0) throw new Error(`Cannot pack the packages:\n${output}`);
  return readPacked(output).map(({ filename, files }) => {
    const unwanted = files.filter(({ path }) => UNWANTED.test(path)).map(({ path }) => path);
    if (unwanted.length > 0) throw new Error(`${filename} must not hold ${unwanted.join(", ")}`);
    return join(directory, filename);
  });
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm prints an array, or from version 12 on an object by package name. */
function readPacked(output: string): readonly Packed[] {
  // The shape is npm's documented one; a different one fails on its first use.
  const packed = JSON.parse(output.slice(output.search(/[[{]/))) as
    | readonly Packed[]
    | Record<string, Packed>;
  return Object.values(packed);
}
