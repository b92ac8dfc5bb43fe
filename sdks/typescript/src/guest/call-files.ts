import { FILE_NAME, MAX_OUTPUT_FILES } from "@paddock/contract";
import type { Files } from "../context.js";
import { OutputFile } from "./output-file.js";

const fs = process.getBuiltinModule("node:fs");

/** The files of one call: those that came with it, and those that it makes. */
export class CallFiles implements Files {
  readonly inbox: Readonly<Record<string, string>>;
  readonly #prefix: string | undefined;
  readonly #made: OutputFile[] = [];

  /** `prefix` is what the path of each output file begins with; `undefined` where none can be made. */
  constructor(inbox: Readonly<Record<string, string>> | undefined, prefix: string | undefined) {
    // Null prototype: a caller may name a file "constructor".
    this.inbox = Object.freeze(Object.assign(Object.create(null), inbox));
    this.#prefix = prefix;
  }

  create(name?: string): OutputFile {
    if (this.#prefix === undefined) throw new Error("Cannot make an output file: this host takes none");
    const number = this.#made.length + 1;
    if (number > MAX_OUTPUT_FILES) {
      throw new RangeError(`Cannot make an output file: a call has at most ${MAX_OUTPUT_FILES}`);
    }
    const shown = name ?? `file-${number}`;
    if (!FILE_NAME.test(shown)) {
      throw new TypeError(
        "Cannot make an output file of that name: use 1 to 100 characters without slashes and control characters",
      );
    }
    const file = new OutputFile(`${this.#prefix}${number}`, shown, number);
    this.#made.push(file);
    return file;
  }

  /** Removes what the call has made. Static, as it is not the plugin's to call. */
  static remove(files: CallFiles): void {
    for (const { path } of files.#made.splice(0)) fs.rm(path, { force: true }, () => undefined);
  }
}
