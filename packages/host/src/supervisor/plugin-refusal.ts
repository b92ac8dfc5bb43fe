import { PaddockError } from "@paddock/contract";
import { going, quarantined, suspended, unavailable } from "./call-errors.js";
import type { Lifecycle } from "./lifecycle.js";
import type { LoadedPlugin } from "./plugin.js";

/** Why nothing can be asked of a plugin in this state. */
export function pluginRefusal(plugin: LoadedPlugin, state: Lifecycle, isHostClosing: boolean): PaddockError {
  if (isHostClosing) return new PaddockError("HOST_CLOSED", "The host is closed.");
  if (state.kind === "suspended") return suspended(plugin);
  if (state.kind === "quarantined") return quarantined(plugin, state.failure);
  if (state.kind !== "backing-off") return going(plugin);
  return unavailable(plugin, Math.max(1, Math.ceil(state.retryAt - performance.now())), state.failure);
}
