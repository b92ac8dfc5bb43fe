import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatSize, isPaddockError, PaddockError } from "@paddock/contract";
import { exhaustedHint } from "../exhausted.js";
import type { GuestProcess } from "../isolation/isolation.js";
import { readHandle, readSource, SourceRefused, TooLarge, writeNewFile } from "./copy-file.js";
import type { FileRoom } from "./file-room.js";
import type { InputFiles } from "./input-files.js";
import { OutputFile } from "./output-file.js";

/** Where guests see the files of calls. */
const INBOX = "/inbox";

/** What output files' paths begin with, inside a guest. */
export const OUTBOX_PREFIX = "/outbox/";

/** Erases copies that the application has forgotten. */
const forgotten = new FinalizationRegistry<string>((path) => {
  void rm(path, { force: true }).catch(() => undefined);
});

/** A file that an answer names. */
export interface WantedOutput {
  readonly call: number;
  readonly file: number;
  readonly name: string;
  /** Names action and plugin, for errors. */
  readonly subject: string;
  /** What all files of the answer may still have together; it is counted down. */
  readonly room: { bytes: number };
}

/** The files that go into and come out of one guest. */
export class GuestFiles {
  /** Directory of the host that the guest sees as its inbox. */
  readonly inboxDirectory: string;
  readonly #room: FileRoom;
  readonly #maxBytes: number;
  /** Bytes in the inbox. */
  #bytes = 0;
  #lastNumber = 0;
  readonly #calls = new WeakMap<object, { readonly directory: string; bytes: number }>();
  readonly #gone = new AbortController();

  /** `maxBytes` bounds what lies in the inbox at one time, and each output file. */
  static async create(room: FileRoom, maxBytes: number): Promise<GuestFiles> {
    return new GuestFiles(room, maxBytes, await room.makeDirectory());
  }

  private constructor(room: FileRoom, maxBytes: number, inboxDirectory: string) {
    this.#room = room;
    this.#maxBytes = maxBytes;
    this.inboxDirectory = inboxDirectory;
  }

  /** Copies a call's files; resolves with the paths at which the guest finds them. `call` stands for itself only. */
  async copyIn(
    call: object,
    files: InputFiles,
    subject: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const number = ++this.#lastNumber;
    const directory = join(this.inboxDirectory, String(number));
    const held = { directory, bytes: 0 };
    this.#calls.set(call, held);
    await makeSearchable(directory).catch((error: unknown) => {
      throw ofHost(error, `Cannot run ${subject}: a folder for its files cannot be made`);
    });
    const stop = AbortSignal.any([signal, this.#gone.signal]);
    const paths: [string, string][] = [];
    // Counted before they are written: files of other calls are copied at the same time.
    const take = (bytes: number) => {
      // What is counted for a call that is over would be counted for ever.
      if (bytes > this.#maxBytes - this.#bytes || !this.#calls.has(call)) return false;
      held.bytes += bytes;
      this.#bytes += bytes;
      return true;
    };
    for (const [name, source] of files.entries) {
      const pieces = readSource(source, stop);
      await writeNewFile(join(directory, name), 0o444, pieces, take).catch((error: unknown) => {
        throw this.#refusal(error, name, subject);
      });
      paths.push([name, `${INBOX}/${number}/${name}`]);
    }
    return Object.fromEntries(paths);
  }

  /** Removes the files that came with a call. */
  remove(call: object): void {
    const held = this.#calls.get(call);
    if (held === undefined) return;
    this.#calls.delete(call);
    this.#bytes -= held.bytes;
    void rm(held.directory, { recursive: true, force: true }).catch(() => undefined);
  }

  /**
   * A copy of a file that the guest made. Rejects with FILE_REFUSED. `room` bounds all files of one answer: together
   * they cannot be larger than what the guest may write, but a file with holes can look as large as it likes.
   */
  async copyOut(guest: GuestProcess, { call, file, name, subject, room }: WantedOutput): Promise<OutputFile> {
    const refuse = (state: string, cause?: unknown) =>
      new PaddockError(
        "FILE_REFUSED",
        `Cannot take the file ${JSON.stringify(name)} of ${subject}: ${state}.`,
        {
          hint: "Write an ordinary file at the path that was given for it, and close it before you return it.",
          cause,
        },
      );
    const source = await guest.openOutput(`${call}.${file}`).catch((error: unknown) => {
      if (isPaddockError(error) && exhaustedHint(error.cause) !== undefined)
        throw ofHost(error.cause, `Cannot open the file ${JSON.stringify(name)} of ${subject}`);
      throw isPaddockError(error, "FILE_REFUSED") ? refuse(reasonOf(error.message), error) : error;
    });
    let path = "";
    try {
      path = await this.#room.newPath();
      const size = await writeNewFile(path, 0o600, readHandle(source, this.#gone.signal), (bytes) => {
        room.bytes -= bytes;
        return room.bytes >= 0;
      });
      const copy = new OutputFile(name, size, path);
      forgotten.register(copy, path);
      return copy;
    } catch (error) {
      if (path !== "") await rm(path, { force: true });
      throw error instanceof TooLarge
        ? refuse(`it has more than ${formatSize(this.#maxBytes)}`, error)
        : ofHost(error, `Cannot copy the file ${JSON.stringify(name)} of ${subject}`);
    } finally {
      await source.close();
    }
  }

  /** The guest is gone: its inbox goes too. What was copied out stays. */
  async close(): Promise<void> {
    this.#gone.abort();
    await rm(this.inboxDirectory, { recursive: true, force: true });
  }

  #refusal(error: unknown, name: string, subject: string): unknown {
    const file = JSON.stringify(name);
    const cause = error instanceof SourceRefused ? error.cause : error;
    if (exhaustedHint(cause) !== undefined)
      return ofHost(cause, `Cannot run ${subject}: the file ${file} cannot be opened`);
    if (error instanceof SourceRefused) {
      return new PaddockError("USAGE_INVALID", `Cannot run ${subject}: the file ${file}: ${error.message}.`, {
        hint: "Name an ordinary file that this process may read.",
        cause: error,
      });
    }
    if (error instanceof TooLarge) {
      const most = formatSize(this.#maxBytes);
      return new PaddockError(
        "PAYLOAD_TOO_LARGE",
        `Cannot run ${subject}: with the file ${file} its guest has more than ${most} of files.`,
        { hint: "Raise limits.scratch, or send less at a time.", data: { limit: this.#maxBytes } },
      );
    }
    return ofHost(
      error,
      `Cannot run ${subject}: the file ${file} cannot be copied into the home of the host`,
    );
  }
}

/** A failure of the machine's, as an error of the host's; any other error as it is. */
function ofHost(error: unknown, words: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Ours have a code of the table, and an abort has a number.
  if (isPaddockError(error) || typeof code !== "string") return error;
  const exhausted = exhaustedHint(error);
  return new PaddockError(
    exhausted === undefined ? "STORE_FAILED" : "HOST_EXHAUSTED",
    `${words} (${code}).`,
    { hint: exhausted ?? "Make room in the home of the host, or raise the host's own limits.", cause: error },
  );
}

async function makeSearchable(directory: string): Promise<void> {
  await mkdir(directory);
  await chmod(directory, 0o755);
}

/** The state that an error names, after its subject. */
function reasonOf(message: string): string {
  return message.slice(message.indexOf(": ") + 2).replace(/\.$/, "");
}
