import {
  type Detached,
  type Detachment,
  detach,
  formatSize,
  leadsToNull,
  type OutgoingValue,
  PaddockError,
  readOutgoing,
} from "@paddock/contract";
import { OUTGOING } from "../streams/outgoing-options.js";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";
import { describeThrown } from "./describe-thrown.js";

/** A payload on its way to a guest. */
export interface EncodedPayload {
  /** As JSON, within the limit of what a guest is sent. */
  readonly json: string;
  /** What travels beside it: bytes and streams, in whose places the JSON has null. */
  readonly attachments: readonly Detached<OutgoingValue>[] | undefined;
  /** What waiting with it costs, where that is known: text and bytes. */
  readonly heldBytes: number;
  /** Whether a second attempt can be given the same. */
  readonly isReplayable: boolean;
}

/**
 * The payload as JSON, within the limit of what a guest is sent. It is read once: an object whose getters or `toJSON`
 * answer differently each time cannot show validation something else. Throws USAGE_INVALID or PAYLOAD_TOO_LARGE.
 */
export function encodePayload(payload: unknown, plugin: LoadedPlugin, action: LoadedAction): EncodedPayload {
  const { payloadBytes } = plugin.limits;
  if (typeof payload === "string" && payload.length > payloadBytes) throw tooLarge(plugin, action);
  const found = detachPayload(payload, plugin, action);
  const json = toJson(found === undefined ? payload : found.json, plugin, action);
  // A character is at least one byte and at most three: only in between does it need counting.
  if (json.length * 3 > payloadBytes) {
    const bytes = json.length > payloadBytes ? json.length : Buffer.byteLength(json);
    if (bytes > payloadBytes) throw tooLarge(plugin, action);
  }
  if (found === undefined) {
    return { json, attachments: undefined, heldBytes: json.length, isReplayable: true };
  }
  const { detached: attachments } = found;
  return {
    json,
    attachments,
    heldBytes: json.length + heldBytesOf(attachments),
    isReplayable: attachments.every(({ value }) => value.isReplayable),
  };
}

/** Those whose place is still there, in a payload that was made smaller. */
export function keepPlaced(
  value: unknown,
  attachments: EncodedPayload["attachments"],
): EncodedPayload["attachments"] {
  return attachments?.filter(({ at }) => leadsToNull({ root: value }, at));
}

/** Bytes and streams of a payload. What its reader must hold at once is bounded, as a caller must not end a guest. */
function detachPayload(
  payload: unknown,
  plugin: LoadedPlugin,
  action: LoadedAction,
): Detachment<OutgoingValue> | undefined {
  let found: Detachment<OutgoingValue> | undefined;
  try {
    found = detach(payload, (value) => readOutgoing(value, OUTGOING));
  } catch (cause) {
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot run "${action.name}" of "${plugin.manifest.id}": the payload cannot be sent: it has ${describeThrown(cause)}.`,
      { hint: "Put bytes and streams at the top of the payload, and streams that nobody reads yet.", cause },
    );
  }
  const { payloadBytes, resultBytes } = plugin.limits;
  if (heldBytesOf(found?.detached ?? []) > Math.max(payloadBytes, resultBytes))
    throw tooLarge(plugin, action);
  return found;
}

function heldBytesOf(attachments: readonly Detached<OutgoingValue>[]): number {
  return attachments.reduce((bytes, { value }) => bytes + value.heldBytes, 0);
}

function toJson(payload: unknown, plugin: LoadedPlugin, action: LoadedAction): string {
  try {
    return JSON.stringify(payload) ?? "null";
  } catch (cause) {
    const words = describeThrown(cause);
    // Longer than any text can be.
    if (words === "Invalid string length") throw tooLarge(plugin, action);
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot run "${action.name}" of "${plugin.manifest.id}": the payload is not JSON: ${words}.`,
      {
        hint: "Send what JSON can say: no circles, no BigInt, and nothing that throws when it is read.",
        cause,
      },
    );
  }
}

function tooLarge({ manifest, limits: { payloadBytes } }: LoadedPlugin, action: LoadedAction): PaddockError {
  return new PaddockError(
    "PAYLOAD_TOO_LARGE",
    `Cannot run "${action.name}" of "${manifest.id}": the payload has more than ${formatSize(payloadBytes)}.`,
    { hint: "Raise limits.payload, or send less at a time.", data: { limit: payloadBytes } },
  );
}
