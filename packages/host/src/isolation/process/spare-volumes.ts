import { randomUUID } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** A host that just needed a volume is busy starting the guest that needs it. */
const MAKE_AFTER_MS = 250;

/** Keeps one empty volume of the shape that was needed last, so that the next new tenant does not wait for mke2fs. */
export class SpareVolumes {
  readonly #directory: string;
  #ready: { readonly shape: string; readonly path: string } | undefined;
  #making: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `directory` is removed with the host, and on the file system of the volumes. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Puts one of this shape at the path; false when there is none. */
  async place(shape: string, image: string): Promise<boolean> {
    const ready = this.#ready;
    if (ready?.shape !== shape) return false;
    this.#ready = undefined;
    return rename(ready.path, image).then(
      () => true,
      () => false,
    );
  }

  /** Has one of this shape made in a while, by a function that writes it whole or not at all. */
  prepareSoon(shape: string, make: (path: string) => Promise<void>): void {
    if (this.#isClosed || this.#ready?.shape === shape) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Only a shortcut: without it, whoever needs a volume makes it.
      this.#making = this.#making.then(() => this.#make(shape, make)).catch(() => undefined);
    }, MAKE_AFTER_MS).unref();
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#making;
    this.#ready = undefined;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #make(shape: string, make: (path: string) => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#ready;
    this.#ready = undefined;
    if (before !== undefined) await rm(before.path, { force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, randomUUID());
    await make(path);
    this.#ready = { shape, path };
  }
}
