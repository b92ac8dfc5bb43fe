import { randomBytes } from "node:crypto";

/** W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text);
}

/** The last two digits of a count, ready made. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Makes a new trace for every call: half of its id is this process's own random number, the other half
 * counts. That costs a fraction of drawing random bytes for each.
 */
export function createTraceparents(): () => string {
  const half = randomBytes(8).toString("hex");
  let count = randomBytes(4).readUInt32BE(0);
  let high = "";
  return () => {
    count++;
    const byte = count & 0xff;
    // The digits above the last two change once in 256 calls.
    if (byte === 0 || high === "")
      high = Math.floor(count / 256)
        .toString(16)
        .padStart(14, "0");
    const low = high + HEX[byte];
    return `00-${half}${low}-${low}-00`;
  };
}
