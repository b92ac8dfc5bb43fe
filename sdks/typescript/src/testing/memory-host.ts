import {
  type CapabilityId,
  copyValue,
  isWithin,
  PaddockError,
  type Parameters,
  parseManifest,
  toPaddockError,
} from "@paddock/contract";
import { isPlugin, type Plugin } from "../define-plugin.js";
import { createMemoryBroker, type OtherPlugin } from "./memory-broker.js";
import { createMemoryFiles } from "./memory-files.js";
import { type MemoryGuest, startMemoryGuest } from "./memory-guest.js";
import { createRecorder, recordCall } from "./recorder.js";
import type { TestHost } from "./test-host.js";

export interface MemoryHostOptions {
  readonly sandbox?: false | undefined;
  /** What `definePlugin` returned: the default export of the plugin's entry. */
  readonly plugin: Plugin;
  /** What is granted, in a manifest's words: `[{ use: "storage.kv", max: "1MB" }]`. Nothing else is. */
  readonly permissions?: readonly object[] | undefined;
  /** The plugin's configuration. */
  readonly config?: unknown;
  /** What other plugins answer to `ctx.plugins.call`: by id, then by action. */
  readonly plugins?: Readonly<Record<string, OtherPlugin>> | undefined;
}

/** Throws USAGE_INVALID for what is no plugin, MANIFEST_INVALID for permissions that no manifest may have. */
export function createMemoryHost(options: MemoryHostOptions): TestHost {
  const { plugin, permissions: written = [], config = {}, plugins = {} } = options;
  if (!isPlugin(plugin)) {
    throw new PaddockError("USAGE_INVALID", "Cannot test that: it is not what definePlugin() returned.", {
      hint: 'import plugin from "./main.js"; createTestHost({ plugin })',
    });
  }
  const granted = readGrants(written);
  const recorder = createRecorder();
  const broker = createMemoryBroker({ granted, plugins, recorder });
  const permissions = freeze(
    Object.fromEntries([...granted].map(([use, entries]) => [use, copyValue(entries[0] ?? {})])),
  );
  const guests = new Map<string, Promise<MemoryGuest>>();
  let closing: Promise<void> | undefined;

  const guestOf = (tenant: string): Promise<MemoryGuest> => {
    if (closing !== undefined) throw new PaddockError("HOST_CLOSED", "The host is closed.");
    const running = guests.get(tenant);
    if (running !== undefined) return running;
    const files = createMemoryFiles();
    const base = { plugin, tenant, permissions, broker, recorder, files };
    const started = startMemoryGuest({ ...base, config: freeze(copyValue(config)) });
    guests.set(tenant, started);
    // A plugin that could not start is started again by the next call, as a host would.
    started.catch(() => guests.delete(tenant));
    return started;
  };

  const host: TestHost = {
    recorded: recorder,
    call: (action, payload, callOptions = {}) => {
      const { tenant = "main" } = callOptions;
      return recordCall(
        recorder,
        { action, payload, tenant },
        async () => (await guestOf(tenant)).call(action, payload, callOptions),
        (thrown) => toPaddockError(thrown, `run "${action}"`),
      );
    },
    publish: async (topic, payload, { tenant = "main", from } = {}) => {
      const subscribed = granted.get("events.subscribe") ?? [];
      if (!subscribed.some((one) => isWithin("events.subscribe", { topics: [topic] }, one))) {
        throw new PaddockError("USAGE_INVALID", `Cannot publish "${topic}": the plugin may not receive it.`, {
          hint: `Grant { use: "events.subscribe", topics: ["${topic}"], reason: "…" }.`,
        });
      }
      await (await guestOf(tenant)).publish(topic, payload, from);
    },
    failNext: (method, code, message = `The test host was told to fail "${method}".`) =>
      broker.failNext(method, code, message),
    close: () => {
      closing ??= (async () => {
        const guestsLeft = await Promise.allSettled(guests.values());
        const ended = await Promise.allSettled(
          guestsLeft.flatMap((one) => (one.status === "fulfilled" ? [one.value.shutdown()] : [])),
        );
        for (const one of ended) if (one.status === "rejected") throw one.reason;
      })();
      return closing;
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
  return host;
}

/** By the manifest's own rules, so that what a test grants can be granted. */
function readGrants(required: readonly object[]): ReadonlyMap<CapabilityId, readonly Parameters[]> {
  const { permissions } = parseManifest(
    {
      manifest: 1,
      id: "test/plugin",
      version: "1.0.0",
      runtime: { kind: "node", entry: "main.js" },
      actions: { test: {} },
      permissions: { required },
    },
    "createTestHost({ permissions })",
  );
  const granted = new Map<CapabilityId, readonly Parameters[]>();
  for (const { use, parameters } of permissions.required)
    granted.set(use, [...(granted.get(use) ?? []), parameters]);
  return granted;
}

/** As in a guest: no call can leave something there for the next. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
