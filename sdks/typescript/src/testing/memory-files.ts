import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILE_NAME, PaddockError } from "@paddock/contract";
import { OutputFile } from "../guest/output-file.js";

/** A file that the plugin returned. */
export interface TestFile {
  readonly name: string;
  readonly size: number;
  bytes(): Promise<Uint8Array>;
}

/** Files in and out, in a temporary folder that is made when the first is wanted. */
export interface MemoryFiles {
  /** What the path of every output file begins with. */
  outbox(): string;
  /** Copies what a call brings; resolves with name → path. Rejects with USAGE_INVALID. */
  place(
    call: number,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<Readonly<Record<string, string>>>;
  /** Removes what a call has brought. */
  remove(call: number): Promise<void>;
  close(): Promise<void>;
}

export function createMemoryFiles(): MemoryFiles {
  let made: string | undefined;
  const folder = (): string => {
    made ??= mkdtempSync(join(tmpdir(), "paddock-test-files-"));
    return made;
  };
  return {
    outbox: () => join(folder(), "out-"),
    place: async (call, files) => {
      const inbox = join(folder(), `in-${call}`);
      await mkdir(inbox);
      const placed: Record<string, string> = {};
      for (const [name, source] of Object.entries(files)) {
        if (!FILE_NAME.test(name)) throw unusable(name, "no file can have that name");
        const path = join(inbox, name);
        const copied = typeof source === "string" ? copyFile(source, path) : writeFile(path, source);
        await copied.catch((cause: NodeJS.ErrnoException) => {
          throw unusable(name, cause.code ?? cause.message, cause);
        });
        placed[name] = path;
      }
      return placed;
    },
    remove: async (call) => {
      if (made !== undefined) await rm(join(made, `in-${call}`), { recursive: true, force: true });
    },
    close: async () => {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    },
  };
}

/** What the caller gets for an output file; `undefined` for what is none. Throws FILE_REFUSED. */
export function takeOutput(part: object): TestFile | undefined {
  if (!OutputFile.is(part)) return undefined;
  const { name, path } = part;
  try {
    if (!statSync(path).isFile()) throw new TypeError("it is no regular file");
    const bytes = new Uint8Array(readFileSync(path));
    return { name, size: bytes.length, bytes: async () => bytes };
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new PaddockError("FILE_REFUSED", `Cannot take the file "${name}": ${state}.`, { cause });
  }
}

function unusable(name: string, state: string, cause?: unknown): PaddockError {
  return new PaddockError(
    "USAGE_INVALID",
    `Cannot give the file ${JSON.stringify(name.slice(0, 80))}: ${state}.`,
    {
      cause,
    },
  );
}
