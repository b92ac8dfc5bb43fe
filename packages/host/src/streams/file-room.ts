import { randomUUID } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { Spare } from "../spare.js";

/** Only the host's owner may enter, or everybody who knows a name in it, which is random. */
const PRIVATE = 0o700;
const SEARCHABLE = 0o711;

/** Where a host keeps files on their way into and out of guests. Only the host's owner can look into it. */
export class FileRoom {
  readonly #root: string;
  readonly #mode: number;
  #ready: Promise<void> | undefined;
  #isClosed = false;
  /** Every guest needs one before it can start. */
  readonly #directories = new Spare(
    () => this.#newDirectory(),
    (path) => rm(path, { recursive: true, force: true }),
  );

  /**
   * Nothing is made before it is needed. `isReached` says whether guests are shown a directory wherever it is; a host
   * that is root and may not mount, as in many containers, can only let their own users go there.
   */
  constructor(root: string, isReached = true) {
    this.#root = root;
    this.#mode = isReached ? PRIVATE : SEARCHABLE;
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
    this.#ready ??= this.#make().catch((error: unknown) => {
      // A full disk has room again some time.
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #make(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: PRIVATE });
    await chmod(this.#root, this.#mode);
  }
}
