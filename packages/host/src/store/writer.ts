import { Worker } from "node:worker_threads";
import { failureOf, storeClosed, toStoreFailed } from "./store-error.js";
import { type QueuedWrite, WriteQueue } from "./write-queue.js";
import type { Write, WriteResult, WriterOptions, WriterReply, WriterRequest } from "./writer-messages.js";

/** The same file beside this one, built or as source: Node strips the types. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./writer-worker.ts" : "./writer-worker.js",
  import.meta.url,
);

/**
 * The only one who writes: a thread of its own, started at the first write, because syncing a disk would stop
 * the event loop. While one transaction runs, the next one gathers everything that comes in.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue = new WriteQueue();
  #worker: Worker | undefined;
  #running: readonly QueuedWrite[] | undefined;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Resolves with the rows of the last statement when the transaction is on disk. No statements: opens only. */
  run(owner: string, write: Write): Promise<WriteResult> {
    if (this.#closing !== undefined) return Promise.reject(storeClosed());
    return new Promise((resolve, reject) => {
      this.#queue.add(owner, { write, resolve, reject });
      if (this.#running === undefined) this.#next();
    });
  }

  /** Finishes what waits, then ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #next(): void {
    if (this.#queue.isEmpty) {
      this.#running = undefined;
      // An idle thread does not keep the process alive; one with work does.
      this.#worker?.unref();
      this.#onIdle?.();
      return;
    }
    this.#running = this.#queue.take();
    try {
      this.#worker ??= this.#start();
      this.#worker.ref();
      post(this.#worker, { kind: "batch", writes: this.#running.map(({ write }) => write) });
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(): Worker {
    const worker = new Worker(WORKER_FILE, {
      name: "paddock-store",
      workerData: this.#options,
      // Only our own code runs there; Node 22 calls SQLite experimental.
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
    });
    worker.on("message", (reply: WriterReply) => this.#settle(reply));
    worker.on("error", (error) => this.#lose(worker, error));
    worker.on("exit", () => this.#lose(worker, new Error("the thread that writes has ended")));
    return worker;
  }

  #settle(reply: WriterReply): void {
    const batch = this.#running ?? [];
    if (reply.kind === "committed") {
      for (const [at, { resolve }] of batch.entries()) resolve(reply.results[at] ?? []);
    } else {
      const error = toStoreFailed(reply.failure, this.#options.file);
      for (const { reject } of batch) reject(error);
    }
    this.#next();
  }

  /** The next write starts another thread. */
  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (this.#running !== undefined) this.#fail(error);
  }

  #fail(error: unknown): void {
    const failed = toStoreFailed(failureOf(error), this.#options.file, error);
    for (const { reject } of this.#running ?? []) reject(failed);
    this.#next();
  }

  async #finish(): Promise<void> {
    if (this.#running !== undefined) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    worker.ref();
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    post(worker, { kind: "close" });
    await ended;
  }
}

function post(worker: Worker, request: WriterRequest): void {
  worker.postMessage(request);
}
