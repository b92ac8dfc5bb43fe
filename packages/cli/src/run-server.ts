import { constants } from "node:os";
import { PaddockError, type PresetName } from "@paddock/contract";
import { createHost, type Host, type HostOptions, resolveConfig } from "@paddock/host";
import { controlPath, createControlServer, type NotLoaded } from "@paddock/server";
import { assertHome } from "./assert-home.js";
import { configOf } from "./config-of.js";
import { readVersion } from "./version.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls that run when a signal comes get so long to end. */
export const DRAIN_MS = 10_000;

export interface Serving {
  readonly host: Host;
  /** Where its control socket is. */
  readonly path: string;
  readonly home: string;
  readonly preset: PresetName;
  /** Aborts at the first signal. */
  readonly stop: AbortSignal;
  /** Told to whoever lists the plugins. */
  readonly notLoaded: NotLoaded[];
}

/**
 * Makes a host with a control socket, lets `work` use it, and serves until a signal comes. The first one takes no new
 * calls, lets those that run end, and closes everything; a second one ends this process at once, and the kernel ends
 * the guests with it.
 */
export async function runServer(
  options: HostOptions,
  work: (serving: Serving) => Promise<void>,
): Promise<void> {
  const { home, preset } = resolveConfig(configOf(options));
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(128 + constants.signals[signal]);
    stopping.abort(new PaddockError("CANCELLED", `Stopped by ${signal}.`, { data: { signal } }));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // Nothing else keeps a process alive that only waits for a signal.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await assertHome(home);
    await using host = await createHost({ ...options, telemetry: true });
    const notLoaded: NotLoaded[] = [];
    const path = controlPath(home);
    const about = () => ({ version: readVersion(), preset, home, notLoaded });
    const server = await createControlServer(host, { path, about });
    try {
      const stopped = whenAborted(stopping.signal);
      await Promise.race([work({ host, path, home, preset, stop: stopping.signal, notLoaded }), stopped]);
      await stopped;
    } finally {
      await server.close({ drainMs: DRAIN_MS });
    }
  } finally {
    clearInterval(alive);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
