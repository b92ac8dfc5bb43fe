import { formatSize, PaddockError } from "@paddock/contract";
import type { LoadedAction, LoadedPlugin } from "../supervisor/plugin.js";
import { describeThrown } from "./describe-thrown.js";

/** A payload on its way to a guest. */
export interface EncodedPayload {
  /** As JSON, within the limit of what a guest is sent. */
  readonly json: string;
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
  const json = toJson(payload, plugin, action);
  // A character is at least one byte and at most three: only in between does it need counting.
  if (json.length * 3 > payloadBytes) {
    const bytes = json.length > payloadBytes ? json.length : Buffer.byteLength(json);
    if (bytes > payloadBytes) throw tooLarge(plugin, action);
  }
  return { json, isReplayable: true };
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
