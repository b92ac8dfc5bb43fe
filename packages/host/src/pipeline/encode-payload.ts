import { formatSize, PaddockError } from "@paddock/contract";
import type { PipelineCall } from "./pipeline.js";

/** The payload as JSON, within the limit of what a guest is sent. Throws USAGE_INVALID or PAYLOAD_TOO_LARGE. */
export function encodePayload({ payload, plugin, action }: PipelineCall): string {
  const text = toJson(payload, action.name);
  const { payloadBytes } = plugin.limits;
  // A character is at least one byte and at most three: only in between does it need counting.
  if (text.length * 3 <= payloadBytes) return text;
  const bytes = text.length > payloadBytes ? text.length : Buffer.byteLength(text);
  if (bytes <= payloadBytes) return text;
  throw new PaddockError(
    "PAYLOAD_TOO_LARGE",
    `Cannot run "${action.name}" of "${plugin.manifest.id}": the payload has more than ${formatSize(payloadBytes)}.`,
    {
      hint: "Raise limits.payload, or send less at a time.",
      data: { limit: payloadBytes },
    },
  );
}

function toJson(payload: unknown, action: string): string {
  try {
    return JSON.stringify(payload) ?? "null";
  } catch (cause) {
    throw new PaddockError(
      "USAGE_INVALID",
      `Cannot run "${action}": the payload is not JSON: ${cause instanceof Error ? cause.message.split("\n")[0] : ""}.`,
      { cause },
    );
  }
}
