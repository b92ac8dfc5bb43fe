import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rolldown } from "rolldown";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Milliseconds to wait for a message before a test fails. */
const MESSAGE_TIMEOUT_MS = 10_000;

/** The TypeScript guest entry, freshly built into a folder of its own, and plugins bundled beside it. */
export async function createWorkshop() {
  const folder = await mkdtemp(join(tmpdir(), "paddock-guest-"));
  const guestEntry = join(folder, "guest-entry.js");
  await promisify(execFile)(process.execPath, [fromRoot("scripts/build-guest-entry.mjs"), guestEntry]);
  return {
    folder,
    guestEntry,
    /** Bundles a plugin's source as the host does; `source` is its text. */
    async bundle(name: string, source: string): Promise<string> {
      const input = join(folder, `${name}.ts`);
      await writeFile(input, source);
      const bundle = await rolldown({
        input,
        platform: "node",
        tsconfig: false,
        resolve: {
          alias: {
            "@paddock/sdk": fromRoot("sdks/typescript/src/index.ts"),
            "@paddock/contract": fromRoot("packages/contract/src/index.ts"),
          },
          extensionAlias: { ".js": [".ts", ".js"] },
        },
      });
      const file = join(folder, `${name}.mjs`);
      await bundle.write({ file, format: "esm", sourcemap: true });
      await bundle.close();
      return file;
    },
    start: (flags: readonly string[] = []) =>
      new GuestProcess(process.execPath, [...flags, guestEntry], folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

interface GuestEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A guest as a plain process, without walls, spoken to line by line. */
export class GuestProcess {
  readonly ended: Promise<GuestEnd>;
  readonly #channel: Duplex;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(program: string, args: readonly string[], cwd: string) {
    const child = spawn(program, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: {},
    });
    // The fourth descriptor is a socket in both directions; its type only knows "a stream".
    this.#channel = child.stdio[3] as unknown as Duplex;
    this.#channel.on("error", () => {});
    let rest = "";
    this.#channel.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    });
    const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
    this.ended = readEnd(code, child.stdout, child.stderr);
  }

  /** Sends a message (as JSON-RPC) or, when given text, exactly that line. */
  send(message: object | string): void {
    const line = typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#channel.write(`${line}\n`);
  }

  write(bytes: Uint8Array): void {
    this.#channel.write(bytes);
  }

  /** The next line of the guest. */
  async nextLine(): Promise<string> {
    const timeout = AbortSignal.timeout(MESSAGE_TIMEOUT_MS);
    while (this.#lines.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        timeout.addEventListener("abort", () => reject(timeout.reason), { once: true });
      });
    }
    return this.#lines.shift() ?? "";
  }

  async next(): Promise<unknown> {
    return JSON.parse(await this.nextLine());
  }

  /** Sends `initialize` for an entry and returns the reply. */
  async initialize(entry: string, more: object = {}): Promise<unknown> {
    this.send({ id: 1, method: "initialize", params: { ...INITIALIZE, entry, ...more } });
    return this.next();
  }

  hangUp(): void {
    this.#channel.end();
  }
}

async function readEnd(
  code: Promise<number | null>,
  stdout: Readable | null,
  stderr: Readable | null,
): Promise<GuestEnd> {
  const [out, err] = await Promise.all(
    [stdout, stderr].map((stream) => (stream === null ? "" : text(stream))),
  );
  return { code: await code, stdout: out ?? "", stderr: err ?? "" };
}

const INITIALIZE = {
  protocol: { min: 1, max: 1 },
  nonce: "bm9uY2U",
  plugin: { id: "acme/vectors", version: "1.0.0", digest: "sha256:00" },
  tenant: "main",
  config: { greeting: "hello" },
  limits: { messageBytes: 65_536 },
  permissions: { "storage.kv": { maxBytes: 1_048_576 } },
};
