import { type Manifest, PaddockError, parseManifest } from "@paddock/contract";
import type { FakeEventHandler } from "./fake-events.js";

/** A plugin as an application's test says it: functions in place of code behind walls. */
export interface FakePlugin {
  readonly version?: string;
  readonly title?: string;
  /** Extension points, as in a manifest. */
  readonly implements?: readonly string[];
  readonly actions: Readonly<Record<string, FakeAction>>;
  /** By topic (`orders.paid`) or by what it begins with (`orders.*`): called for what others publish. */
  readonly events?: Readonly<Record<string, FakeEventHandler>>;
}

/**
 * Stands for an action. What it throws arrives as the real thing would: a PaddockError as itself (so a test can make
 * a plugin crash or time out), an error of the SDK's `fail` as PLUGIN_ERROR, any other as PLUGIN_BUG. Declared as a
 * method, so that a test may name the type of `input`.
 */
export type FakeAction = { run(input: unknown, call: FakeCall): unknown }["run"];

/** What a fake action is told about its call. */
export interface FakeCall {
  readonly plugin: string;
  readonly action: string;
  readonly tenant: string;
  readonly caller: string | undefined;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Tells the caller's `onProgress`. */
  progress(fraction?: number, message?: string): void;
  /** Publishes an event of this plugin to the application and to other fakes. */
  publish(topic: string, payload?: unknown): Promise<void>;
}

/** A fake plugin that was checked as a real one's manifest is. */
export interface LoadedFake {
  readonly manifest: Manifest;
  readonly actions: ReadonlyMap<string, FakeAction>;
  readonly events: ReadonlyMap<string, FakeEventHandler>;
}

/** Throws MANIFEST_INVALID where a real manifest that says the same would be, and USAGE_INVALID for no function. */
export function loadFake(id: string, plugin: FakePlugin): LoadedFake {
  const { version = "1.0.0", title, implements: points = [], actions, events = {} } = plugin;
  const manifest = parseManifest(
    {
      manifest: 1,
      id,
      version,
      ...(title === undefined ? {} : { title }),
      runtime: { kind: "node", entry: "fake.js" },
      implements: points,
      actions: Object.fromEntries(Object.keys(actions ?? {}).map((name) => [name, {}])),
    },
    `createFakeHost({ plugins: { "${id}": … } })`,
  );
  for (const [name, action] of [...Object.entries(actions), ...Object.entries(events)]) {
    if (typeof action === "function") continue;
    throw new PaddockError("USAGE_INVALID", `Cannot fake "${name}" of "${id}": it is not a function.`, {
      hint: "An action is a function of its input: { discount: (order) => ({ amount: 3 }) }.",
    });
  }
  return { manifest, actions: new Map(Object.entries(actions)), events: new Map(Object.entries(events)) };
}
