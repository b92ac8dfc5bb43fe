import { PermissionError } from "../../permission-error.js";
import { getBuiltinModule } from "./builtin.js";

type IsGranted = (capability: string) => boolean;

/** What a guard replaces in a module whose type does not matter here. */
type Exports = Record<string, unknown>;

/** Libraries import these without using them, so that only their use is refused. */
export const NETWORK_MODULES = [
  "http",
  "https",
  "http2",
  "net",
  "tls",
  "dgram",
  "dns",
  "dns/promises",
] as const;

type NetworkModule = (typeof NETWORK_MODULES)[number];

/** Functions of each module that reach out, and the capability that would allow it. */
const REFUSED: Readonly<Record<NetworkModule, readonly [capability: string, names: readonly string[]]>> = {
  http: ["net.fetch", ["request", "get"]],
  https: ["net.fetch", ["request", "get"]],
  http2: ["net.fetch", ["connect"]],
  net: ["net.connect", ["connect", "createConnection"]],
  tls: ["net.connect", ["connect"]],
  dgram: ["net.connect", ["createSocket"]],
  dns: ["net.resolve", []],
  "dns/promises": ["net.resolve", []],
};

const LOOKUP = /^(lookup|lookupService|reverse|resolve\w*)$/;

export function guardNetworkModule(name: NetworkModule, isGranted: IsGranted): void {
  const [capability, names] = REFUSED[name];
  if (isGranted(capability)) return;
  const exports = getBuiltinModule(`node:${name}`) as unknown as Exports; // Functions by name.
  for (const each of names) exports[each] = (...args: unknown[]) => refuse(capability, args[0]);
  if (name === "net") guardSockets();
  if (name === "dns") guardLookups(exports, refuseByCallback);
  if (name === "dns/promises" || name === "dns") {
    guardLookups(getBuiltinModule("node:dns/promises") as unknown as Exports, refuseByPromise);
  }
}

/** Replaces what is there without any import. */
export function guardNetworkGlobals(isGranted: IsGranted): void {
  if (isGranted("net.fetch")) return;
  globalThis.fetch = (input) => refuseByPromise(input, "net.fetch");
  globalThis.WebSocket = class {
    constructor(url: unknown) {
      refuse("net.connect", url);
    }
  } as unknown as typeof WebSocket; // Never more than a constructor that throws.
}

/** Sockets that libraries make themselves fail the way sockets do, by their "error" event. */
function guardSockets(): void {
  const { Server, Socket } = getBuiltinModule("node:net");
  Socket.prototype.connect = function (this: import("node:net").Socket, ...args: unknown[]) {
    return this.destroy(denial("net.connect", args[0]));
  };
  Server.prototype.listen = () => {
    throw new PermissionError("", "Cannot listen for connections in a plugin: no capability allows it.");
  };
}

function guardLookups(exports: Exports, replacement: (...args: unknown[]) => unknown): void {
  for (const name of Object.keys(exports)) {
    if (LOOKUP.test(name)) exports[name] = replacement;
  }
}

function refuseByCallback(...args: unknown[]): void {
  const callback = args.at(-1);
  const error = denial("net.resolve", args[0]);
  if (typeof callback !== "function") throw error;
  process.nextTick(() => callback(error));
}

async function refuseByPromise(target: unknown, capability: unknown): Promise<never> {
  throw denial(capability === "net.fetch" ? "net.fetch" : "net.resolve", target);
}

function refuse(capability: string, target: unknown): never {
  throw denial(capability, target);
}

const DOING: Readonly<Record<string, string>> = {
  "net.fetch": "send a request to",
  "net.connect": "connect to",
  "net.resolve": "look up",
};

function denial(capability: string, target: unknown): PermissionError {
  const sentence = `Cannot ${DOING[capability]} ${nameTarget(target)}: a plugin has no network of its own.`;
  return new PermissionError(capability, sentence);
}

/** Shortens and quotes whatever was given as an address. */
function nameTarget(target: unknown): string {
  if (typeof target === "object" && target !== null && !(target instanceof URL)) {
    const { url, host, hostname, path, port } = target as Exports;
    return nameTarget(String(url ?? hostname ?? host ?? path ?? `port ${port}`));
  }
  return JSON.stringify(String(target).slice(0, 200));
}
