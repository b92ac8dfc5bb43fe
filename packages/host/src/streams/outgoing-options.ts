import { findExcess, MAX_INLINE_BYTES, type OutgoingOptions } from "@paddock/contract";
import { SourceStopped } from "./guest-data.js";

/** How what a caller sends becomes bytes. */
export const OUTGOING: OutgoingOptions = {
  encodeText: (text) => Buffer.from(text),
  checkItem: (json) => {
    const excess =
      json.length > MAX_INLINE_BYTES ? `more than ${MAX_INLINE_BYTES} characters` : findExcess(json);
    if (excess !== undefined) {
      throw new SourceStopped("USAGE_INVALID", `The caller's stream failed: an item of ${excess}.`);
    }
  },
};
