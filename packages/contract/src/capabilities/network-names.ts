/** Longest name of a machine (RFC 1035), with a port. */
export const MAX_HOST_LENGTH = 253 + 6;

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const PORT = "(?::[1-9][0-9]{0,4})";
/** `*`, or a lower-case name with an optional `*.` before it and an optional port after it. */
export const HOST_PATTERN = new RegExp(`^(?:\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*${PORT}?)$`);
export const TARGET_PATTERN = new RegExp(`^tcp://${LABEL}(?:\\.${LABEL})*${PORT}$`);
export const NAME_PATTERN = new RegExp(`^(?:\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*)$`);

const DEFAULT_PORT = "443";
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** True when no part of it could be read as another address than it seems to be. */
export function isHonestHost(host: string): boolean {
  if (host === "*") return true;
  const { name, port } = split(host.replace("tcp://", ""));
  if (port !== undefined && Number(port) > 65_535) return false;
  const last = name.split(".").at(-1) ?? "";
  // A last label of digits makes it an address: "2130706433" and "0x7f.1" are 127.0.0.1 to many parsers.
  return !/^(?:\d+|0x[0-9a-f]*)$/.test(last) || IPV4.test(name);
}

/** With its port, so that equal hosts are equal texts. */
export function normalHost(host: string): string {
  return host === "*" || split(host).port !== undefined ? host : `${host}:${DEFAULT_PORT}`;
}

/** Whether a host (in normal form, perhaps a wildcard itself) lies inside an allowed one. */
export function hostCovers(allowed: string, asked: string): boolean {
  if (allowed === "*" || allowed === asked) return true;
  if (!allowed.startsWith("*.")) return false;
  const [wide, narrow] = [split(allowed), split(asked)];
  // From the dot on: "evilallowed.com" does not end in ".allowed.com".
  return wide.port === narrow.port && narrow.name.endsWith(wide.name.slice(1)) && narrow.name !== wide.name;
}

/** True for `*` and for wildcards over a whole top-level domain. */
export function coversAlmostEverything(host: string): boolean {
  return host === "*" || /^\*\.[^.]+$/.test(split(host).name);
}

function split(host: string): { readonly name: string; readonly port: string | undefined } {
  const colon = host.lastIndexOf(":");
  return colon === -1
    ? { name: host, port: undefined }
    : { name: host.slice(0, colon), port: host.slice(colon + 1) };
}
