import { isProxy } from "node:util/types";
import { FILE_NAME, PaddockError } from "@paddock/contract";

/** A file for a plugin: a path of the host's, or what is in it. */
export type InputFileSource = string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

/** The files of one call, as they were given: nothing of them is read yet. */
export interface InputFiles {
  readonly entries: readonly (readonly [name: string, source: InputFileSource])[];
  /** Whether another attempt can be given the same. */
  readonly isReplayable: boolean;
}

/** Files of one call. */
export const MAX_INPUT_FILES = 32;

/** NAME_MAX of Linux. */
const MAX_NAME_BYTES = 255;

/** Throws USAGE_INVALID for names that are none, and for what is no file. */
export function readInputFiles(value: unknown): InputFiles {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong("is not an object of names and files");
  }
  const entries = entriesOf(value).map(([name, source]) => {
    if (!FILE_NAME.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw wrong(`has the name ${JSON.stringify(name.slice(0, 80))}, with which no file can be made`);
    }
    if (!isSource(source)) {
      throw wrong(`has ${JSON.stringify(name)}, which is neither a path, bytes, a Blob nor an unread stream`);
    }
    return [name, source] as const;
  });
  if (entries.length > MAX_INPUT_FILES) throw wrong(`has more than ${MAX_INPUT_FILES} files`);
  return { entries, isReplayable: !entries.some(([, source]) => source instanceof ReadableStream) };
}

/** Objects may refuse to be looked at. */
function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  try {
    return Object.entries(value);
  } catch (cause) {
    throw wrong("cannot be read", cause);
  }
}

function isSource(source: unknown): source is InputFileSource {
  if (typeof source === "string") return source !== "" && !source.includes("\0");
  // A proxy may throw when it is asked what it is.
  if (isProxy(source)) return false;
  if (source instanceof ReadableStream) return !source.locked;
  return source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof Blob;
}

function wrong(state: string, cause?: unknown): PaddockError {
  return new PaddockError("USAGE_INVALID", `The option "files" ${state}.`, {
    hint: "Give an object: name → path, Uint8Array, ArrayBuffer, Blob or ReadableStream.",
    cause,
  });
}
