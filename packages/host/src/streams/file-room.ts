import { randomUUID } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { Spare } from "../spare.js";

/** Where a host keeps files on their way into and out of guests. Only the host's owner can look into it. */
export class FileRoom {
  readonly #root: string;
  #ready: Promise<void> | undefined;
  #isClosed = false;
  /** Every guest needs one before it can start. */
  readonly #directories = new Spare(
    () => this.#newDirectory(),
    (path) => rm(path, { recursive: true, force: true }),
  );

  /** Nothing is made before it is needed. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Removes what a killed host left there; to be called before anything is kept. Rejects with STORE_FAILED. */
  async sweep(): Promise<void> {
    try {
      await rm(this.#root, { recursive: true, force: true });
    } catch (cause) {
      throw new PaddockError("STORE_FAILED", `Cannot remove what an earlier host left in ${this.#root}.`, {
        hint: "Remove it, or give the host's user the right to.",
        cause,
      });
    }
  }

  /** A new, empty directory, which a guest may be shown. */
  makeDirectory(): Promise<string> {
    return this.#directories.take();
  }

  /** A path where nothing is yet. */
  async newPath(): Promise<string> {
    await this.#prepare();
    return join(this.#root, randomUUID());
  }

  /** Erases everything. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#directories.close();
    await this.#ready?.catch(() => undefined);
    await rm(this.#root, { recursive: true, force: true });
  }

  async #newDirectory(): Promise<string> {
    await this.#prepare();
    const path = join(this.#root, randomUUID());
    await mkdir(path);
    // Whatever the umask is: the guest's user is another one.
    await chmod(path, 0o755);
    return path;
  }

  #prepare(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the host is closed"));
    this.#ready ??= mkdir(this.#root, { recursive: true, mode: 0o700 }).then(
      () => undefined,
      (error: unknown) => {
        // A full disk has room again some time.
        this.#ready = undefined;
        throw error;
      },
    );
    return this.#ready;
  }
}
