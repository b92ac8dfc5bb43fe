import { PaddockError } from "@paddock/contract";
import type { BundlerProblem } from "./bundler-guest.js";
import { printable } from "./folder-name.js";

/** One problem of a plugin's code, as its author reads it. */
export interface BundleProblem {
  /** "src/main.ts:3:8", or empty when the bundler could not tell. */
  readonly at: string;
  readonly message: string;
}

/**
 * BUNDLE_FAILED that lists every problem; `toPath` turns a path inside the walls into the author's, `refused` has the
 * links by their package's name that were not followed.
 */
export function toBundleError(
  folder: string,
  problems: readonly BundlerProblem[],
  toPath: (inside: string) => string,
  refused: ReadonlyMap<string, string>,
): PaddockError {
  const list = problems.map((problem) => toBundleProblem(problem, toPath, refused));
  const lines = list.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`));
  return new PaddockError("BUNDLE_FAILED", `Cannot bundle the plugin in "${folder}": ${lines.join("; ")}`, {
    hint: hintFor(problems, refused),
    data: { problems: list },
  });
}

function toBundleProblem(
  problem: BundlerProblem,
  toPath: (inside: string) => string,
  refused: ReadonlyMap<string, string>,
): BundleProblem {
  const file = problem.file === undefined ? "" : printable(toPath(problem.file));
  const at = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  const { specifier } = problem;
  if (specifier === undefined) return { at, message: printable(problem.message) };
  const link = refused.get(packageOf(specifier));
  if (link === undefined) return { at, message: `cannot find "${printable(specifier)}"` };
  const state = `the link "${printable(link)}" leads out of the plugin's folder and its workspace`;
  return { at, message: `cannot import "${printable(specifier)}": ${state}` };
}

function hintFor(problems: readonly BundlerProblem[], refused: ReadonlyMap<string, string>): string {
  const missing = problems.flatMap(({ specifier }) => specifier ?? []);
  const linked = missing.map(packageOf).find((name) => refused.has(name));
  if (linked !== undefined) {
    return `Install "${printable(linked)}" into the plugin's folder, or make the folder a workspace member beside it; what "npm link" makes is not followed.`;
  }
  if (missing[0] === undefined) return "Correct the plugin's code, then load it again.";
  return /^[./]/.test(missing[0])
    ? "Check the path; it is relative to the file that imports it."
    : `Run "npm install" in the plugin's folder, or install the missing package there.`;
}

/** "@scope/name" of "@scope/name/part". */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
