import { type DocumentKind, invalidDocument, parseDocument } from "../schema/parse-document.js";
import { formatFound } from "../schema/problem.js";
import type { Manifest } from "./manifest.js";
import { manifestSchema } from "./manifest-schema.js";

/** Largest manifest file; a reader refuses a longer one before it parses it. */
export const MAX_MANIFEST_BYTES = 262_144;

/**
 * The manifest in a parsed YAML or JSON file. Throws MANIFEST_INVALID with every problem in the message
 * and in `data.problems`: path, what was found, what was expected, and the nearest valid name.
 */
export function parseManifest(value: unknown, file: string): Manifest {
  const kind: DocumentKind = { code: "MANIFEST_INVALID", file, documentation: "docs/manifest.md" };
  const problem = versionProblem(value);
  if (problem !== undefined) throw invalidDocument([problem], kind);
  return parseDocument(manifestSchema, value, kind);
}

/** Another version means other keys: complaining about those would only mislead. */
function versionProblem(value: unknown) {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "manifest")) return undefined;
  const found: unknown = Reflect.get(value, "manifest");
  if (found === 1) return undefined;
  const hint = typeof found === "number" ? { hint: "this Paddock reads manifest version 1 only." } : {};
  return { path: "manifest", found: formatFound(found), expected: "1", ...hint };
}
