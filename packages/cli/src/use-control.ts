import { constants } from "node:os";
import { isPaddockError, PaddockError } from "@paddock/contract";
import { type ControlClient, connectControl } from "@paddock/server";
import { type ControlFlags, findControlPath } from "./control-flags.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** For what goes on until somebody stops it: the signal is its end and no failure. */
export async function watchControl(
  flags: ControlFlags,
  use: (client: ControlClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await useControl(flags, use);
  } catch (error) {
    if (!isPaddockError(error, "CANCELLED")) throw error;
  }
}

/**
 * Speaks to a running host. A signal aborts what is asked of it and rejects with CANCELLED (data.signal names it); a
 * second one ends this process at once. Rejects with HOST_UNREACHABLE when none is running.
 */
export async function useControl<T>(
  flags: ControlFlags,
  use: (client: ControlClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (interruption.signal.aborted) process.exit(128 + constants.signals[signal]);
    interruption.abort(new PaddockError("CANCELLED", `Stopped by ${signal}.`, { data: { signal } }));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  let client: ControlClient | undefined;
  try {
    client = await connectControl(await findControlPath(flags));
    return await use(client, interruption.signal);
  } catch (error) {
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    await client?.close();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
