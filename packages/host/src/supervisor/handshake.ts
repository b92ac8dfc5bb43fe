import {
  escapeText,
  type InitializeParams,
  type InitializeResult,
  PaddockError,
  PROTOCOL,
} from "@paddock/contract";
import { OUTBOX_PREFIX } from "../streams/guest-files.js";
import type { LoadedPlugin } from "./plugin.js";

/** Where guests find the data channel, where they have one. */
const DATA_DESCRIPTOR = 4;

/** What a guest learns first. */
export function handshakeParams(
  plugin: LoadedPlugin,
  tenant: string,
  nonce: string,
  hasData: boolean,
): InitializeParams {
  return {
    protocol: PROTOCOL,
    nonce,
    plugin: { id: plugin.manifest.id, version: plugin.manifest.version, digest: plugin.digest },
    tenant,
    entry: plugin.program.entry,
    config: plugin.config,
    limits: { ...plugin.limits },
    permissions: plugin.permissions,
    guards: plugin.hasGuards,
    ...(hasData ? { data: DATA_DESCRIPTOR, outbox: OUTBOX_PREFIX } : {}),
  };
}

/** Whether an answer to `initialize` says that the guest uses the data channel. */
export function usesData(result: unknown): boolean {
  return typeof result === "object" && result !== null && "data" in result && result.data === true;
}

/** Whether an answer to `initialize` is that to the first health check too. */
export function saysReady(result: unknown): boolean {
  return typeof result === "object" && result !== null && "ready" in result && result.ready === true;
}

/** Throws unless the answer is to this very handshake and names the manifest's actions. */
export function assertHandshake(plugin: LoadedPlugin, nonce: string, result: unknown): void {
  const { id } = plugin.manifest;
  // Safe: every field is looked at before it is used.
  const {
    protocol,
    nonce: echoed,
    actions,
  } = (result ?? {}) as Partial<Record<keyof InitializeResult, unknown>>;
  if (typeof protocol !== "number" || protocol < PROTOCOL.min || protocol > PROTOCOL.max) {
    throw new PaddockError(
      "PROTOCOL_VIOLATION",
      `Plugin "${id}" speaks protocol ${typeof protocol === "number" ? protocol : "of no number"}, the host ${PROTOCOL.min} to ${PROTOCOL.max}.`,
      { hint: `Answer "initialize" with a "protocol" from ${PROTOCOL.min} to ${PROTOCOL.max}.` },
    );
  }
  if (echoed !== nonce)
    throw new PaddockError("PROTOCOL_VIOLATION", `Plugin "${id}" answered another handshake: wrong nonce.`, {
      hint: 'Answer "initialize" with the "nonce" that it brings.',
    });
  const isList = Array.isArray(actions) && actions.every((name) => typeof name === "string");
  const missing = isList
    ? [...plugin.actions.keys()].filter((name) => !actions.includes(name))
    : [...plugin.actions.keys()];
  const extra = isList ? actions.filter((name: string) => !plugin.actions.has(name)).slice(0, 8) : [];
  if (missing.length === 0 && extra.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`the code lacks ${missing.map(quote).join(", ")}`] : []),
    ...(extra.length > 0 ? [`the manifest lacks ${extra.map(quote).join(", ")}`] : []),
  ];
  throw new PaddockError(
    "PLUGIN_MISMATCH",
    `Code and manifest of "${id}" name different actions: ${parts.join("; ")}.`,
    {
      hint: "Give both the same names under actions.",
      data: { missing, extra: extra.map(quote) },
    },
  );
}

function quote(name: string): string {
  return escapeText(JSON.stringify(name.slice(0, 64)));
}
