import { type ErrorCode, PaddockError } from "@paddock/contract";
import type { LoadedAction, LoadedPlugin } from "./plugin.js";

/** Why a plugin failed last. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export function overloaded({ manifest }: LoadedPlugin, action: LoadedAction, load: number): PaddockError {
  return new PaddockError(
    "OVERLOADED",
    `Cannot run "${action.name}" of "${manifest.id}": ${load} calls are in flight.`,
    { hint: "Call again later, or raise limits.concurrency.", data: { retryAfterMs: 100 } },
  );
}

export function noRoom({ manifest }: LoadedPlugin, guests: number): PaddockError {
  return new PaddockError("OVERLOADED", `Cannot start "${manifest.id}": ${guests} guests are busy.`, {
    data: { retryAfterMs: 1_000 },
  });
}

/** The caller's deadline passed while its guest was still starting. */
export function notReady(action: LoadedAction, timeoutMs: number): PaddockError {
  return new PaddockError(
    "TIMEOUT",
    `Cannot run "${action.name}": its guest was not ready within ${timeoutMs} ms.`,
    { hint: "Give the first call more time, or start the guest before it is needed." },
  );
}

/** No answer in time; `bound` is what would have given it more. */
export function unanswered(
  { manifest }: LoadedPlugin,
  action: LoadedAction,
  timeoutMs: number,
  bound: "timeoutMs" | "limits.timeout",
): PaddockError {
  const hint =
    bound === "timeoutMs"
      ? "Give it more time with timeoutMs, or make the action shorter."
      : "Raise limits.timeout, or make the action shorter.";
  return new PaddockError(
    "TIMEOUT",
    `Cannot run "${action.name}" of "${manifest.id}": no answer within ${timeoutMs} ms.`,
    { hint, data: { plugin: manifest.id, action: action.name, timeoutMs } },
  );
}

/** The caller's deadline passed while the guest was suspended. */
export function stoodStill(
  { manifest }: LoadedPlugin,
  action: LoadedAction,
  timeoutMs: number,
): PaddockError {
  return new PaddockError(
    "TIMEOUT",
    `Cannot run "${action.name}" of "${manifest.id}": no answer within ${timeoutMs} ms, for it was suspended meanwhile.`,
    { hint: "Call again once it is resumed.", data: { plugin: manifest.id, action: action.name, timeoutMs } },
  );
}

export function startedLate({ limits }: LoadedPlugin): string {
  return `it was not ready within ${limits.startTimeoutMs} ms`;
}

export function lateStart(plugin: LoadedPlugin): PaddockError {
  const { id } = plugin.manifest;
  return new PaddockError("TIMEOUT", `Cannot start "${id}": ${startedLate(plugin)}.`, {
    hint:
      plugin.manifest.runtime.kind === "program"
        ? 'Answer "initialize", and flush the output after each line; or raise limits.startTimeout.'
        : "Raise limits.startTimeout, or let the plugin do less before it is ready.",
    data: { plugin: id, timeoutMs: plugin.limits.startTimeoutMs },
  });
}

/** It was ready, and ended by itself before anybody had called it. */
export function fellAtOnce({ manifest }: LoadedPlugin, { code, message }: Failure): PaddockError {
  return new PaddockError(
    "START_FAILED",
    `Cannot start "${manifest.id}": it ended right after its first health check. ${code}: ${message}`,
    { hint: "The plugin's log may say why.", data: { plugin: manifest.id, last: { code, message } } },
  );
}

/** It failed too often to be started again at once. */
export function unavailable(
  { manifest }: LoadedPlugin,
  retryAfterMs: number,
  last: Failure | undefined,
): PaddockError {
  return new PaddockError(
    "PLUGIN_UNAVAILABLE",
    `Plugin "${manifest.id}" failed too often; it is started again in ${retryAfterMs} ms. Last: ${last?.message ?? "unknown"}`,
    { hint: "Correct what failed last; the plugin's log may say more.", data: { retryAfterMs, last } },
  );
}

export function suspended({ manifest }: LoadedPlugin): PaddockError {
  return new PaddockError("PLUGIN_SUSPENDED", `Plugin "${manifest.id}" is suspended by its operator.`, {
    hint: `Resume it: paddock resume ${manifest.id}`,
    data: { plugin: manifest.id },
  });
}

export function quarantined({ manifest }: LoadedPlugin, last: Failure): PaddockError {
  return new PaddockError(
    "PLUGIN_QUARANTINED",
    `Plugin "${manifest.id}" is in quarantine: it failed again and again. Last: ${last.code}: ${last.message}`,
    {
      hint: `Correct what failed last, then release it: paddock release ${manifest.id}`,
      data: { plugin: manifest.id, last: { code: last.code, message: last.message } },
    },
  );
}

/** It is being unloaded, or was. */
export function going({ manifest }: LoadedPlugin): PaddockError {
  return new PaddockError("PLUGIN_UNAVAILABLE", `Plugin "${manifest.id}" is being unloaded.`, {
    hint: "Load it again.",
    data: { plugin: manifest.id },
  });
}

/** Its guests live, and say in their health checks that they want no calls. */
export function unready({ manifest }: LoadedPlugin): PaddockError {
  return new PaddockError(
    "PLUGIN_UNAVAILABLE",
    `Plugin "${manifest.id}" says in its health check that it is not ready.`,
    {
      hint: "Call again later; the plugin's log may say why.",
      data: { plugin: manifest.id, retryAfterMs: 1_000 },
    },
  );
}
