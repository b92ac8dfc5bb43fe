import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { PaddockError, type SchemaSource } from "@paddock/contract";
import { findJsonError } from "../../config/find-json-error.js";
import { MAX_SCHEMA_BYTES } from "./check-schema.js";

/**
 * The schema that a manifest names: what it says itself, or the file of the stored bundle. Rejects with
 * PLUGIN_INVALID when there is no such file, or no JSON in it. What the schema says is not looked at.
 */
export async function readSchema(source: SchemaSource, bundleDirectory: string): Promise<unknown> {
  if (source.kind === "inline") return source.schema;
  const text = await readBounded(source.path, bundleDirectory);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const place = findJsonError(text);
    const where = place === undefined ? "" : `:${place.line}:${place.column}`;
    const state = place === undefined ? "it is not JSON" : `expected ${place.expected}`;
    throw unreadable(`${source.path}${where}`, state, cause);
  }
}

async function readBounded(path: string, directory: string): Promise<string> {
  let file: FileHandle;
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, path));
    // A link inside the bundle must not lead the host out of it.
    if (!real.startsWith(`${root}${sep}`)) throw unreadable(path, "it leads out of the plugin");
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof PaddockError) throw cause;
    throw unreadable(path, "there is no such file in the plugin, or it cannot be read", cause);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unreadable(path, "it is not a file");
    if (stats.size > MAX_SCHEMA_BYTES)
      throw unreadable(path, `it is larger than ${MAX_SCHEMA_BYTES / 1024} KB`);
    return (await file.readFile("utf8")).replace(/^\uFEFF/, "");
  } finally {
    await file.close();
  }
}

function unreadable(subject: string, state: string, cause?: unknown): PaddockError {
  return new PaddockError("PLUGIN_INVALID", `Cannot use the schema "${subject}": ${state}.`, {
    hint: "A schema is a JSON file of the plugin, named relative to its folder.",
    cause,
  });
}
