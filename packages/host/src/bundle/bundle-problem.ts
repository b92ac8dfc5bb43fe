import { PaddockError } from "@paddock/contract";
import type { BundlerProblem } from "./bundler-guest.js";
import { printable } from "./folder-name.js";

/** One problem of a plugin's code, as its author reads it. */
export interface BundleProblem {
  /** "src/main.ts:3:8", or empty when the bundler could not tell. */
  readonly at: string;
  readonly message: string;
}

/** BUNDLE_FAILED that lists every problem; `toPath` turns a path inside the walls into the author's. */
export function toBundleError(
  folder: string,
  problems: readonly BundlerProblem[],
  toPath: (inside: string) => string,
): PaddockError {
  const list = problems.map((problem) => toBundleProblem(problem, toPath));
  const lines = list.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`));
  return new PaddockError("BUNDLE_FAILED", `Cannot bundle the plugin in "${folder}": ${lines.join("; ")}`, {
    hint: hintFor(problems),
    data: { problems: list },
  });
}

function toBundleProblem(problem: BundlerProblem, toPath: (inside: string) => string): BundleProblem {
  const file = problem.file === undefined ? "" : printable(toPath(problem.file));
  const at = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  if (problem.specifier === undefined) return { at, message: printable(problem.message) };
  return { at, message: `cannot find "${printable(problem.specifier)}"` };
}

function hintFor(problems: readonly BundlerProblem[]): string {
  const missing = problems.find((problem) => problem.specifier !== undefined)?.specifier;
  if (missing === undefined) return "Correct the plugin's code, then load it again.";
  return /^[./]/.test(missing)
    ? "Check the path; it is relative to the file that imports it."
    : `Run "npm install" in the plugin's folder, or install the missing package there.`;
}
