import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type IncomingStream, PaddockError } from "@paddock/contract";
import { FairTurns } from "../fair-turns.js";
import { type CollectYoung, findCollector } from "../young-collection.js";
import { TreeJoiner } from "./join-tree.js";
import type { JsonReply, JsonRequest } from "./json-messages.js";
import type { JsonBounds, JsonReading } from "./read-json.js";

/** Threads that parse. A large answer is rare, and the machine has other things to do. */
const MAX_THREADS = 2;
/** A plugin whose answers take long to check must not keep them all from the others. */
const MAX_THREADS_PER_OWNER = 1;

/** Far above what any text within the bounds takes; past it the thread is ended. */
export const PARSE_TIMEOUT_MS = 20_000;

/** Megabytes; a value at the bounds takes a third of it. */
const THREAD_HEAP_MB = 1_024;

/** A young generation of a megabyte or so, which takes about 2 ms to collect. */
const PIECES_PER_COLLECTION = 8;

/** Reads large answers in threads of its own, which are started when the first one comes. */
export class JsonPool {
  readonly #file: URL;
  #threads: Thread[] = [];
  readonly #turns = new FairTurns(MAX_THREADS, MAX_THREADS_PER_OWNER);
  #isClosed = false;

  /** `file` is what the threads run: it calls `serveJson`. */
  constructor(file: URL) {
    this.#file = file;
  }

  /** Rejects with what the stream failed with, or HOST_CLOSED. */
  async read(stream: IncomingStream, { maxBytes, schema, owner }: JsonBounds): Promise<JsonReading> {
    const chunks = await gather(stream, maxBytes);
    if (chunks === undefined) return tooLarge(`more than ${maxBytes} bytes`);
    await this.#turns.take(owner);
    try {
      return await this.#thread().run({ kind: "parse", chunks, schema });
    } finally {
      this.#threads = this.#threads.filter(({ isLost }) => !isLost);
      this.#turns.give(owner);
    }
  }

  /** Ends the threads; what they work on is rejected. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map((thread) => thread.end()));
    this.#threads = [];
  }

  /** One that has nothing to do: there are as many as turns. */
  #thread(): Thread {
    if (this.#isClosed) throw hostClosed();
    const free = this.#threads.find((thread) => !thread.isBusy && !thread.isLost);
    if (free !== undefined) return free;
    const thread = new Thread(this.#file);
    this.#threads.push(thread);
    return thread;
  }
}

/** Chunks have memory of their own, which can be handed over. */
async function gather(stream: IncomingStream, maxBytes: number): Promise<Uint8Array[] | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      stream.cancel();
      return undefined;
    }
    chunks.push(chunk);
  }
  return chunks;
}

class Thread {
  isBusy = false;
  isLost = false;
  readonly #worker: Worker;
  #collectYoung: CollectYoung | undefined;
  #onReply: (reply: JsonReply) => void = () => undefined;
  #onLost: (error: unknown) => void = () => undefined;

  constructor(file: URL) {
    this.#worker = new Worker(file, {
      name: "paddock-json",
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
    });
    this.#worker.unref();
    this.#worker.on("message", (reply: JsonReply) => this.#onReply(reply));
    this.#worker.on("error", (error) => this.#lose(error));
    this.#worker.on("exit", () => this.#lose(new Error("the thread has ended")));
  }

  async run(job: Extract<JsonRequest, { kind: "parse" }>): Promise<JsonReading> {
    this.isBusy = true;
    const timer = setTimeout(() => this.#hang(), PARSE_TIMEOUT_MS);
    // With work it keeps the process alive; idle it does not.
    this.#worker.ref();
    try {
      return await this.#read(job);
    } finally {
      clearTimeout(timer);
      this.isBusy = false;
      this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    this.#lose(hostClosed());
    await this.#worker.terminate();
  }

  #read(job: Extract<JsonRequest, { kind: "parse" }>): Promise<JsonReading> {
    const joiner = new TreeJoiner();
    let pieces = 0;
    return new Promise((resolve, reject) => {
      this.#onLost = (error) =>
        isOutOfMemory(error) ? resolve(tooLarge("more values than fit into memory")) : reject(error);
      this.#onReply = (reply) => {
        if (reply.kind !== "piece") {
          resolve(readRefusal(reply));
          return;
        }
        joiner.apply(reply.steps);
        if (++pieces % PIECES_PER_COLLECTION === 0) {
          this.#collectYoung ??= findCollector();
          this.#collectYoung();
        }
        if (reply.isLast) resolve({ kind: "value", value: joiner.root });
        // Not before others had their turn: pieces that arrive together would be built together.
        else void setImmediate().then(() => this.#post({ kind: "more" }));
      };
      this.#post(
        job,
        job.chunks.map(({ buffer }) => buffer),
      );
    });
  }

  #post(request: JsonRequest, transfer: readonly ArrayBufferLike[] = []): void {
    // Safe: each chunk of a stream is an ArrayBuffer of its own.
    this.#worker.postMessage(request, transfer as ArrayBuffer[]);
  }

  #hang(): void {
    this.#lose(
      new PaddockError("RESULT_TOO_LARGE", `The answer was not read within ${PARSE_TIMEOUT_MS} ms.`, {
        hint: "Let the plugin answer with less, or with a stream of items.",
      }),
    );
    void this.#worker.terminate();
  }

  #lose(error: unknown): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#onLost(error);
  }
}

function readRefusal(reply: Exclude<JsonReply, { kind: "piece" }>): JsonReading {
  if (reply.kind === "fault") return reply;
  if (reply.kind === "excess") return tooLarge(reply.words);
  const { problems } = reply;
  const all = problems
    .map(({ path, message }) => `${path === "" ? "the value" : path} ${message}`)
    .join("; ");
  return {
    kind: "refused",
    error: (subject) =>
      new PaddockError("OUTPUT_INVALID", `The answer of ${subject} does not fit its schema: ${all}.`, {
        hint: "The plugin's author must correct the answer or the schema.",
        data: { problems },
      }),
  };
}

function tooLarge(words: string): JsonReading {
  return {
    kind: "refused",
    error: (subject) =>
      new PaddockError("RESULT_TOO_LARGE", `Cannot run ${subject}: its answer has ${words}.`, {
        hint: "Raise limits.result, or let the plugin answer with a stream of items.",
      }),
  };
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function hostClosed(): PaddockError {
  return new PaddockError("HOST_CLOSED", "The host is closed.");
}
