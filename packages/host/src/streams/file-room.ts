import { randomUUID } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Where a host keeps files on their way into and out of guests. Only the host's owner can look into it. */
export class FileRoom {
  readonly #root: string;
  #ready: Promise<void> | undefined;
  #isClosed = false;

  /** Nothing is made before it is needed; what a killed host left there goes then. */
  constructor(root: string) {
    this.#root = root;
  }

  /** A new, empty directory, which a guest may be shown. */
  async makeDirectory(): Promise<string> {
    await this.#prepare();
    const path = join(this.#root, randomUUID());
    await mkdir(path);
    // Whatever the umask is: the guest's user is another one.
    await chmod(path, 0o755);
    return path;
  }

  /** A path where nothing is yet. */
  async newPath(): Promise<string> {
    await this.#prepare();
    return join(this.#root, randomUUID());
  }

  /** Erases everything. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#ready?.catch(() => undefined);
    await rm(this.#root, { recursive: true, force: true });
  }

  #prepare(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the host is closed"));
    this.#ready ??= rm(this.#root, { recursive: true, force: true }).then(async () => {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
    });
    return this.#ready;
  }
}
