import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type ErrorCode,
  type LogLevel,
  type Manifest,
  PaddockError,
  toPaddockError,
} from "@paddock/contract";
import { createRecorder, keep, type Recorder, recordCall } from "./recorder.js";
import type { RecordedEvent, TestHost } from "./test-host.js";

export interface SandboxHostOptions {
  readonly sandbox: true;
  /** The plugin's folder. */
  readonly folder: string;
  /** The plugin's configuration. */
  readonly config?: unknown;
  /** More options of a host, such as `{ preset: "production" }`. The default preset is "development". */
  readonly host?: Readonly<Record<string, unknown>> | undefined;
}

/** What is used of `@paddock/host`, which stands above this package and may not be installed. */
interface HostModule {
  createHost(options: Readonly<Record<string, unknown>>): Promise<RealHost>;
  readManifest(folder: string): Promise<Pick<Manifest, "id" | "permissions">>;
}

interface RealHost {
  load(folder: string): Promise<{ readonly id: string }>;
  call(plugin: string, action: string, payload: unknown, options: object): Promise<unknown>;
  publish(topic: string, payload: unknown, options: { readonly tenant?: string | undefined }): Promise<void>;
  subscribe(topics: readonly string[], listener: (event: RecordedEvent) => void): unknown;
  close(): Promise<void>;
}

interface Decision {
  readonly tenant: string;
  readonly method: string | undefined;
  readonly capability: string | undefined;
  readonly outcome:
    | { readonly kind: "allowed" }
    | { readonly kind: "denied" | "failed"; readonly code: ErrorCode };
}

interface GuestLine {
  readonly tenant: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A real host with a home of its own, which is removed when it is closed. Rejects with USAGE_INVALID where
 * `@paddock/host` is not installed, and as loading does.
 */
export async function createSandboxHost({
  folder,
  config,
  host: more = {},
}: SandboxHostOptions): Promise<TestHost> {
  const { createHost, readManifest } = await importHost(folder);
  const recorder = createRecorder();
  const { id, permissions } = await readManifest(folder);
  const home = await mkdtemp(join(tmpdir(), "paddock-test-"));
  let real: RealHost | undefined;
  try {
    // The plugins' own users have to reach what lies in it.
    await chmod(home, 0o711);
    real = await createHost({
      preset: "development",
      home,
      ...(config === undefined ? {} : { plugins: { [id]: { config } } }),
      ...more,
      ...recording(recorder),
    });
    await real.load(folder);
    listen(real, permissions, recorder);
  } catch (error) {
    await real?.close();
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  return toTestHost(id, real, home, recorder);
}

function recording({ logs, requests }: Recorder): object {
  return {
    onLog: ({ tenant, level, message, fields }: GuestLine) => keep(logs, { tenant, level, message, fields }),
    onDecision: ({ tenant, method, capability, outcome }: Decision) =>
      keep(requests, {
        tenant,
        method,
        capability,
        params: undefined,
        outcome: outcome.kind === "allowed" ? "allowed" : outcome.code,
      }),
  };
}

/** To the topics that the manifest names: nothing else can be published. */
function listen(real: RealHost, { required, optional }: Manifest["permissions"], { events }: Recorder): void {
  const topics = [...required, ...optional]
    .filter(({ use }) => use === "events.publish")
    .flatMap(({ parameters }) => (Array.isArray(parameters.topics) ? parameters.topics : []));
  if (topics.length === 0) return;
  real.subscribe(topics, ({ tenant, topic, payload }) => keep(events, { tenant, topic, payload }));
}

function toTestHost(id: string, real: RealHost, home: string, recorder: Recorder): TestHost {
  let closing: Promise<void> | undefined;
  const host: TestHost = {
    recorded: recorder,
    call: (action, payload, options = {}) => {
      const { tenant = "main" } = options;
      const onProgress = ({ fraction, message }: { readonly fraction?: number; readonly message?: string }) =>
        keep(recorder.progress, { tenant, fraction, message });
      return recordCall(
        recorder,
        { action, payload, tenant },
        () => real.call(id, action, payload, { ...options, onProgress }),
        (thrown) => toPaddockError(thrown, `run "${action}"`),
      );
    },
    publish: (topic, payload, { tenant } = {}) => real.publish(topic, payload, { tenant }),
    failNext: (method) => {
      throw new PaddockError(
        "USAGE_INVALID",
        `Cannot fail "${method}" in a sandbox: only a host in memory can.`,
        {
          hint: "createTestHost({ plugin }) makes one.",
        },
      );
    },
    close: () => {
      closing ??= real.close().finally(() => rm(home, { recursive: true, force: true }));
      return closing;
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
  return host;
}

/** As the plugin's own folder sees it, else as the tests' folder or this package does. */
async function importHost(folder: string): Promise<HostModule> {
  for (const place of [resolve(folder), process.cwd(), import.meta.dirname]) {
    let path: string;
    try {
      path = createRequire(join(place, "any.js")).resolve("@paddock/host");
    } catch {
      continue;
    }
    try {
      return await import(pathToFileURL(path).href);
    } catch (cause) {
      throw toPaddockError(cause, `use ${path}`);
    }
  }
  throw new PaddockError("USAGE_INVALID", "Cannot make a sandbox: @paddock/host is not installed.", {
    hint: "npm install --save-dev @paddock/host",
  });
}
