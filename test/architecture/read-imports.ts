import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rolldown/parseAst";
import type { Arrow } from "./stray-arrows.ts";

/** The nodes of a syntax tree whose `source` names another module; types and `import()` are among them. */
const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** Everything a source file imports. Parsed, not searched: a comment or a string is no import. */
export function readImports(root: string, file: string): readonly Arrow[] {
  const specifiers: string[] = [];
  collect(parseAst(readFileSync(join(root, file), "utf8"), { lang: "ts" }), specifiers);
  return specifiers.map((specifier) => ({ file, specifier }));
}

function collect(node: unknown, specifiers: string[]): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && "source" in node && IMPORTING.has(String(node.type))) {
    const { source } = node;
    if (typeof source === "object" && source !== null && "value" in source)
      specifiers.push(String(source.value));
  }
  for (const child of Object.values(node)) collect(child, specifiers);
}
