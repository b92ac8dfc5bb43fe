import { constants } from "node:os";
import { PaddockError } from "@paddock/contract";
import { createHost, type Host, type HostOptions, resolveConfig } from "@paddock/host";
import { assertHome } from "./assert-home.js";
import { configOf } from "./config-of.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a host, uses it and closes it, however that ends. A signal closes it too, and rejects with CANCELLED
 * (data.signal names it); a second one ends this process at once, and the kernel ends the guests with it.
 */
export async function useHost<T>(
  options: HostOptions,
  use: (host: Host, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  let host: Host | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (interruption.signal.aborted) process.exit(128 + constants.signals[signal]);
    interruption.abort(new PaddockError("CANCELLED", `Stopped by ${signal}.`, { data: { signal } }));
    // The same promise is awaited below, where a failure is not lost.
    host?.close().catch(() => undefined);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await assertHome(resolveConfig(configOf(options)).home);
    host = await createHost(options);
    interruption.signal.throwIfAborted();
    return await use(host, interruption.signal);
  } catch (error) {
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    await host?.close();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
