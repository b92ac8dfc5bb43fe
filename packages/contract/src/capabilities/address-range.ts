/** A block of IP addresses in CIDR notation. */
export interface AddressRange {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/** Longest text of an IPv6 block. */
export const MAX_RANGE_LENGTH = 43;
export const RANGE_PATTERN = /^[0-9a-f.:]{2,39}\/(?:0|[1-9][0-9]{0,2})$/;

/** Where clouds hand out their credentials, and IPv4 link-local as a whole. */
const METADATA = ["169.254.0.0/16", "::ffff:169.254.0.0/112", "fd00:ec2::254/128", "100.100.100.200/32"];

/** The range, or `undefined` when the text is not a block whose host bits are zero. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = "", prefix = ""] = text.split("/");
  const bits = address.includes(":") ? 128 : 32;
  const first = bits === 128 ? parseIPv6(address) : parseIPv4(address);
  if (!RANGE_PATTERN.test(text) || first === undefined || Number(prefix) > bits) return undefined;
  const size = 1n << BigInt(bits - Number(prefix));
  return first % size === 0n ? { bits, first, last: first + size - 1n } : undefined;
}

export function rangeCovers(allowed: string, asked: string): boolean {
  const [wide, narrow] = [parseRange(allowed), parseRange(asked)];
  if (wide === undefined || narrow === undefined || wide.bits !== narrow.bits) return false;
  return wide.first <= narrow.first && narrow.last <= wide.last;
}

/** Whether any address of the block is one where a cloud hands out credentials. */
export function touchesMetadata(text: string): boolean {
  const range = parseRange(text);
  if (range === undefined) return true;
  return METADATA.some((known) => {
    const other = parseRange(known);
    return other?.bits === range.bits && range.first <= other.last && other.first <= range.last;
  });
}

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split(".");
  const isWellFormed = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part));
  if (!isWellFormed || parts.some((part) => Number(part) > 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseIPv6(text: string): bigint | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = parseIPv4(text.slice(lastColon + 1));
  const hex = tail === undefined ? text : `${text.slice(0, lastColon + 1)}${asGroups(tail)}`;
  const halves = hex.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...(rest ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function asGroups(ipv4: bigint): string {
  return `${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
}
