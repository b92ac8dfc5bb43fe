import { PaddockError } from "@paddock/contract";
import { MAX_CALL_DEPTH } from "../permissions/call-chain.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { Stage } from "./pipeline.js";

/**
 * Who may call: the application always, another plugin when the action's manifest names it. CALLER_DENIED, and
 * CALL_TOO_DEEP for plugins that call one another in circles.
 */
export function authorize({ manifest }: LoadedPlugin): Stage {
  // A map: an action may be called "constructor".
  const callers = new Map(
    Object.values(manifest.actions).map((action) => [action.name, new Set(action.callers)]),
  );
  return (next) => (call) => {
    const { chain, action } = call;
    if (chain.length === 0) return next(call);
    // Safe: the chain is not empty.
    const caller = chain.at(-1)?.id as string;
    if (callers.get(action.name)?.has(caller) !== true)
      return Promise.reject(denied(caller, manifest.id, action.name));
    if (chain.length > MAX_CALL_DEPTH) return Promise.reject(tooDeep(manifest.id, action.name));
    return next(call);
  };
}

function denied(caller: string, plugin: string, action: string): PaddockError {
  return new PaddockError("CALLER_DENIED", `"${caller}" may not call "${action}" of "${plugin}".`, {
    hint: `The manifest of "${plugin}" must name it: actions.${action}.callers: ["${caller}"].`,
    data: { caller, plugin, action },
  });
}

function tooDeep(plugin: string, action: string): PaddockError {
  return new PaddockError(
    "CALL_TOO_DEEP",
    `Cannot run "${action}" of "${plugin}": ${MAX_CALL_DEPTH} plugins have called one another already.`,
    {
      hint: "Look for plugins that call each other in a circle.",
      data: { plugin, action, depth: MAX_CALL_DEPTH },
    },
  );
}
