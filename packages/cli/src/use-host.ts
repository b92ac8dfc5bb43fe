import { constants as files } from "node:fs";
import { access } from "node:fs/promises";
import { constants } from "node:os";
import { PaddockError } from "@paddock/contract";
import { createHost, type Host, type HostOptions, resolveConfig } from "@paddock/host";
import { makeFolder } from "./make-folder.js";

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

function configOf({ onLog: _log, onDecision: _decision, ...config }: HostOptions): object {
  return config;
}

async function assertHome(home: string): Promise<void> {
  try {
    await makeFolder(home, 0o711);
    await access(home, files.R_OK | files.W_OK | files.X_OK);
  } catch (cause) {
    const state = cause instanceof Error && "code" in cause ? `: ${String(cause.code)}` : "";
    throw new PaddockError("STORE_FAILED", `Cannot keep the host's state in ${home}${state}.`, {
      hint: "Give a folder that this user may write: --home DIR, or home in paddock.config.json.",
      cause,
    });
  }
}
