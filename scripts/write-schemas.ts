import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonSchemas } from "@paddock/contract";
import { containerSeccomp } from "./deploy/container-seccomp.ts";
import { TABLES } from "./document-tables.ts";

/**
 * Writes what is made from the code: JSON Schemas for editors and the tables of the documents. Run it
 * after a build; a test says when it is due.
 */
const DOCUMENTS = ["manifest", "configuration", "capabilities", "errors", "security-model"].map(
  (name) => `docs/${name}.md`,
);
const SCHEMA_FOLDER = "packages/contract/schemas";
const BLOCK = /(<!-- generated: ([a-z-]+) -->)[\s\S]*?(<!-- end -->)/g;

/** A document with its tables as they should be. */
export function withTables(markdown: string): string {
  return markdown.replaceAll(BLOCK, (_, start: string, name: string, end: string) => {
    const table = TABLES[name];
    if (table === undefined) throw new Error(`Cannot write the table "${name}": no such table is known.`);
    return `${start}\n\n${table()}\n\n${end}`;
  });
}

/** Every generated file: path from the root, what it is and what it should be. */
export function generatedFiles(): readonly { path: string; is: string; should: string }[] {
  const documents = DOCUMENTS.map((path) => {
    const is = readFileSync(inRoot(path), "utf8");
    return { path, is, should: withTables(is) };
  });
  const schemas = Object.entries(jsonSchemas()).map(([name, schema]) => {
    const path = `${SCHEMA_FOLDER}/${name}`;
    return { path, is: readIfThere(path), should: formatJson(path, schema) };
  });
  const seccomp = "deploy/seccomp.json";
  const profile = {
    path: seccomp,
    is: readIfThere(seccomp),
    should: formatJson(seccomp, containerSeccomp()),
  };
  return [...documents, ...schemas, profile];
}

function formatJson(path: string, value: object): string {
  const biome = inRoot("node_modules/.bin/biome");
  const options = { input: JSON.stringify(value), encoding: "utf8", cwd: inRoot(".") } as const;
  return execFileSync(biome, ["format", `--stdin-file-path=${path}`], options);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(inRoot(path), "utf8");
  } catch {
    return "";
  }
}

function inRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

if (import.meta.main) {
  for (const { path, is, should } of generatedFiles()) {
    if (is !== should) writeFileSync(inRoot(path), should);
    console.log(`${is === should ? "current" : "written"}  ${path}`);
  }
}
