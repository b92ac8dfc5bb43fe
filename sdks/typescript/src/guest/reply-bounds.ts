import { findExcess } from "@paddock/contract";

/** Most bytes that one UTF-16 unit takes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * What keeps a line from being accepted by the host, which would end the guest for it; `undefined` when it
 * fits. Short lines cost nothing.
 */
export function findMisfit(line: string, maxBytes: number): string | undefined {
  if (line.length * MAX_BYTES_PER_UNIT > maxBytes) {
    const bytes = Buffer.byteLength(line);
    if (bytes > maxBytes) return `${bytes} bytes, where ${maxBytes} are allowed`;
  }
  return findExcess(line);
}
