import { randomBytes } from "node:crypto";
import type { Reply } from "./connection.js";
import { expireAfter } from "./expire-after.js";
import type { GuestIdentity } from "./guest.js";
import { replyError } from "./guest-errors.js";
import type { GuestRequests } from "./guest-requests.js";
import { assertHandshake, handshakeParams, saysReady, usesData } from "./handshake.js";
import type { LoadedPlugin } from "./plugin.js";

/** How long a starting guest that is not ready yet is left alone. */
const ASK_AGAIN_MS = 50;

/** Sees a new guest through its handshake and its first health check. Rejects with the reason why it is not ready. */
export async function greetGuest(
  identity: GuestIdentity,
  requests: GuestRequests,
  hasDataChannel: boolean,
  signal: AbortSignal,
): Promise<{ readonly usesData: boolean }> {
  const { plugin, tenant } = identity;
  const nonce = randomBytes(16).toString("hex");
  const params = JSON.stringify(handshakeParams(plugin, tenant, nonce, hasDataChannel));
  const reply = await requests.ask("initialize", params, signal);
  if (reply.kind === "failure") throw replyError(identity, undefined, reply.error);
  assertHandshake(plugin, nonce, reply.result);
  // A guest that says so already is spared the question, and its caller the wait for the answer.
  if (saysReady(reply.result)) return { usesData: usesData(reply.result) };
  while (!isReadyAnswer(await requests.ask("ping", pingParams(plugin), signal))) {
    await expireAfter(ASK_AGAIN_MS).promise;
    signal.throwIfAborted();
  }
  return { usesData: usesData(reply.result) };
}

export function pingParams({ settings }: LoadedPlugin): string {
  return `{"timeoutMs":${settings.health.timeoutMs}}`;
}

/** Any other answer than "not ready" will do: programs of other languages may know less of this. */
export function isReadyAnswer(reply: Reply): boolean {
  if (reply.kind === "failure") return true;
  // Safe: looked at before it is used.
  const { ready } = (reply.result ?? {}) as { readonly ready?: unknown };
  return ready !== false;
}
