import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { MAX_MANIFEST_BYTES, type Manifest, PaddockError, parseManifest } from "@paddock/contract";
import { parseDocument } from "yaml";
import { isExhausted, toStoreError } from "./system-error.js";

export const MANIFEST_NAMES = ["plugin.yaml", "plugin.json"] as const;

/** The manifest of a folder. Rejects with MANIFEST_INVALID or HOST_EXHAUSTED; the folder may be hostile. */
export async function readManifest(folder: string): Promise<Manifest> {
  const { name, value } = await readWrittenManifest(folder);
  return parseManifest(value, name);
}

/** What the manifest in a folder says, word for word and not looked at. Throws MANIFEST_INVALID as above. */
export async function readWrittenManifest(
  folder: string,
): Promise<{ readonly name: string; readonly value: unknown }> {
  const texts = await Promise.all(MANIFEST_NAMES.map((name) => readText(join(folder, name), name)));
  const found = MANIFEST_NAMES.flatMap((name, at) => {
    const text = texts[at];
    return text === undefined ? [] : [{ name, text }];
  });
  const [one, other] = found;
  if (one === undefined) {
    const isThere = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isThere) {
      throw invalid(
        `Cannot load the plugin in "${folder}": there is no such folder.`,
        "Check the path; make a new plugin with `paddock init`.",
      );
    }
    throw invalid(
      `Cannot load the plugin in "${folder}": it has no plugin.yaml and no plugin.json.`,
      "Make one with `paddock init`.",
    );
  }
  if (other !== undefined) {
    throw invalid(
      `Cannot load the plugin in "${folder}": it has both plugin.yaml and plugin.json.`,
      "Keep one of them.",
    );
  }
  const value = one.name === "plugin.yaml" ? parseYaml(one.text, one.name) : parseJson(one.text, one.name);
  return { name: one.name, value };
}

async function readText(path: string, name: string): Promise<string | undefined> {
  // No links, and no waiting for the writer of a FIFO.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      if (isExhausted(error)) throw toStoreError(error, `read ${name}`);
      const state =
        error.code === "ELOOP"
          ? "it is a link"
          : error.code === "EACCES"
            ? "it may not be read"
            : error.message;
      throw invalid(`Cannot read ${name}: ${state}.`, "The manifest must be a readable file of its own.");
    },
  );
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw invalid(
        `Cannot read ${name}: it is not a file.`,
        "The manifest must be a readable file of its own.",
      );
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(MAX_MANIFEST_BYTES + 1),
      0,
      MAX_MANIFEST_BYTES + 1,
      0,
    );
    if (bytesRead > MAX_MANIFEST_BYTES)
      throw invalid(
        `Cannot read ${name}: it is larger than ${MAX_MANIFEST_BYTES} bytes.`,
        "Put schemas into files of their own.",
      );
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function parseYaml(text: string, name: string): unknown {
  // Aliases could make a small file mean a huge value.
  const document = parseDocument(text, { strict: true, uniqueKeys: true, merge: false, stringKeys: true });
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined)
    throw invalid(
      `Cannot read ${name}: ${error.message.split("\n")[0]?.replace(/:$/, "")}.`,
      "Correct the YAML.",
    );
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw invalid(
      `Cannot read ${name}: ${cause instanceof Error ? cause.message : "not YAML"}.`,
      "Write the values out instead of using aliases.",
    );
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(
      `Cannot read ${name}: ${cause instanceof Error ? cause.message : "not JSON"}.`,
      "Correct the JSON.",
    );
  }
}

function invalid(message: string, hint: string): PaddockError {
  return new PaddockError("MANIFEST_INVALID", message, { hint });
}
