import { type InitializeParams, type InitializeResult, MAX_INLINE_BYTES } from "@paddock/contract";
import type { PluginContext } from "../context.js";
import type { Plugin } from "../define-plugin.js";
import { readActions } from "./actions.js";
import { createPluginContext, type GuestState } from "./call-context.js";
import { Calls } from "./calls.js";
import { readEventHandlers, warnOfDeafHandlers } from "./event-handlers.js";
import { Events } from "./events.js";
import { applyGuards } from "./guards/apply-guards.js";
import { Health } from "./health.js";
import { loadPlugin } from "./load-plugin.js";
import { negotiate } from "./negotiate.js";
import type { Requests } from "./requests.js";
import { GuestStreams } from "./streams/guest-streams.js";

/** A plugin that has run its `init` and waits for calls. */
export interface Started {
  readonly plugin: Plugin;
  readonly calls: Calls;
  /** `undefined` for a plugin without handlers. */
  readonly events: Events | undefined;
  readonly health: Health;
  /** For hooks. */
  readonly context: PluginContext;
  readonly result: InitializeResult;
}

/** Raises the guards, runs the plugin's code and its `init`. Rejects with whatever kept it from starting. */
export async function start(
  params: InitializeParams,
  requests: Requests,
  send: (line: string) => void,
  onFault: (fault: string) => void,
): Promise<Started> {
  const protocol = negotiate(params.protocol);
  const maxBytes = params.limits.messageBytes ?? MAX_INLINE_BYTES;
  requests.maxBytes = maxBytes;
  const state: GuestState = {
    tenant: params.tenant,
    config: freeze(params.config),
    permissions: freeze(params.permissions),
    requests,
    sink: { send, maxBytes },
    outbox: params.outbox,
  };
  const streams =
    params.data === undefined ? undefined : new GuestStreams({ fd: params.data, maxBytes, send, onFault });
  if (params.guards !== false) applyGuards(params.permissions, params.entry);
  const plugin = await loadPlugin(params.entry);
  const actions = readActions(plugin);
  const handlers = readEventHandlers(plugin);
  const context = createPluginContext(state);
  if (handlers !== undefined)
    warnOfDeafHandlers(handlers, params.permissions["events.subscribe"], context.log);
  await plugin.init?.(context);
  const health = new Health(plugin.health?.bind(plugin));
  return {
    plugin,
    calls: new Calls(actions, state, streams),
    events: handlers === undefined ? undefined : new Events(handlers, state),
    health,
    context,
    result: {
      protocol,
      nonce: params.nonce,
      actions: [...actions.keys()],
      ...(streams === undefined ? {} : { data: true }),
      ready: await health.ask(),
    },
  };
}

/** Freezes parsed JSON all the way down, so that no call can leave something there for the next. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
