import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PaddockError } from "@paddock/contract";
import { findJsonError } from "./find-json-error.js";

export interface ConfigFile {
  readonly path: string;
  /** Its name, as messages call it. */
  readonly name: string;
  /** What it says, not looked at. */
  readonly value: unknown;
}

export const CONFIG_FILE_NAMES = ["paddock.config.ts", "paddock.config.js", "paddock.config.json"] as const;
type ConfigFileName = (typeof CONFIG_FILE_NAMES)[number];

/** Largest configuration in JSON. */
export const MAX_CONFIG_BYTES = 4_194_304;

/**
 * The operator's configuration file in a folder, `undefined` when there is none. Throws CONFIG_INVALID
 * when there are several, or when the one there cannot be read or run. It is the operator's own code: never
 * look for it in a plugin's folder.
 */
export async function loadConfigFile(folder: string): Promise<ConfigFile | undefined> {
  const present = await findConfigFiles(folder);
  const [name, ...others] = present;
  if (name === undefined) return undefined;
  if (others.length > 0) {
    throw invalid(
      `Cannot choose a configuration: ${present.join(" and ")} are both there.`,
      "Keep one of them.",
    );
  }
  const path = join(folder, name);
  return { path, name, value: await (name.endsWith(".json") ? readJson(path, name) : runModule(path, name)) };
}

async function findConfigFiles(folder: string): Promise<readonly ConfigFileName[]> {
  const found = await Promise.all(CONFIG_FILE_NAMES.map((name) => exists(join(folder, name), name)));
  return CONFIG_FILE_NAMES.filter((_, at) => found[at]);
}

/** Only "not there" is no; a file that cannot be looked at must not be passed over. */
async function exists(path: string, name: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return false;
    throw invalid(`Cannot read ${name}: ${messageOf(error)}.`, "Make it readable for this user.", error);
  }
}

async function readJson(path: string, name: string): Promise<unknown> {
  const text = await readText(path, name);
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = findJsonError(text);
    const where = place === undefined ? "" : `:${place.line}:${place.column}`;
    const state = place === undefined ? messageOf(error) : `expected ${place.expected}`;
    throw invalid(`Cannot read ${name}${where}: ${state}.`, "Write it as JSON, without comments.", error);
  }
}

async function readText(path: string, name: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_CONFIG_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_CONFIG_BYTES}`);
    // Some editors put a byte-order mark first, which JSON does not know.
    return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    throw invalid(`Cannot read ${name}: ${messageOf(error)}.`, "Make it readable for this user.", error);
  }
}

async function runModule(path: string, name: string): Promise<unknown> {
  let module: object;
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    throw invalid(
      `Cannot run ${name}: ${messageOf(error)}.`,
      "Run it with Node to see where it fails.",
      error,
    );
  }
  if (!("default" in module)) {
    throw invalid(`Cannot use ${name}: it has no default export.`, "Write: export default { preset: … }.");
  }
  return module.default;
}

function invalid(message: string, hint: string, cause?: unknown): PaddockError {
  return new PaddockError("CONFIG_INVALID", message, { hint, cause });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
