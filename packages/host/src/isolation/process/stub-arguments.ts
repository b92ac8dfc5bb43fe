/** How the arguments of stub instructions are written; everything the stub would refuse is a RangeError. */
export const HIGHEST_INT = 0x7fff_ffff;

export function limit(value: number | "unlimited"): string {
  return value === "unlimited" ? value : whole(value);
}

/** The highest id of all means "leave it as it is" to setresuid: root would stay root. */
export function id(value: number): string {
  return whole(value, 0xffff_fffe);
}

export function octal(value: number, highest: number): string {
  whole(value, highest);
  return value.toString(8);
}

export function whole(value: number, highest = Number.MAX_SAFE_INTEGER): string {
  if (!Number.isInteger(value) || value < 0 || value > highest) {
    throw refusal(String(value), `not a whole number from 0 to ${highest}`);
  }
  return String(value);
}

export function refusal(subject: string, state: string): RangeError {
  return new RangeError(`Cannot encode stub instructions: ${subject}: ${state}.`);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
