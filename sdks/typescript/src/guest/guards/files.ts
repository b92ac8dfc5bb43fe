import { PermissionError, pathLine } from "../../permission-error.js";
import type { Permissions } from "./apply-guards.js";
import { getBuiltinModule } from "./builtin.js";
import { ONE_PATH_RULES, type PathUse, TWO_PATH_RULES } from "./file-rules.js";

const path = getBuiltinModule("node:path");
const { fileURLToPath } = getBuiltinModule("node:url");

type Exports = Record<string, unknown>;
type Refusal = (args: readonly unknown[]) => PermissionError | undefined;
type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** Devices that every guest has. */
const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/** Refuses paths outside the plugin's own places before the kernel does, saying which capability to ask for. */
export function guardFiles(permissions: Permissions, entry: string): void {
  const fs = getBuiltinModule("node:fs") as unknown as Exports; // Functions by name.
  if (guarded.has(fs)) return;
  guarded.add(fs);
  const findDenial = createFinder(permissions, entry);
  for (const [name, uses] of [...ONE_PATH_RULES, ...TWO_PATH_RULES]) {
    const refusal: Refusal = (args) => {
      for (const [at, use] of uses.entries()) {
        const denial = use === "none" ? undefined : findDenial(args[at], use, args[1]);
        if (denial !== undefined) return denial;
      }
      return undefined;
    };
    wrap(fs, `${name}Sync`, refusal, throwDenial);
    wrap(fs, name, refusal, callBack);
    wrap(fs.promises as Exports, name, refusal, rejectWith);
  }
}

const guarded = new WeakSet<object>();

function wrap(
  target: Exports,
  name: string,
  findRefusal: Refusal,
  refuse: (denial: PermissionError, args: readonly unknown[]) => unknown,
): void {
  const original = target[name];
  if (typeof original !== "function") return;
  const call = original as AnyFunction; // Called as it was called, with the arguments of its caller.
  const wrapper: AnyFunction = function (...args) {
    const denial = findRefusal(args);
    return denial === undefined ? call.apply(this, args) : refuse(denial, args);
  };
  // `fs.realpath.native` and the like stay; the names that stack traces show, too.
  target[name] = Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
}

function throwDenial(denial: PermissionError): never {
  throw denial;
}

function callBack(denial: PermissionError, args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback !== "function") throw denial;
  process.nextTick(() => callback(denial));
}

async function rejectWith(denial: PermissionError): Promise<never> {
  throw denial;
}

function createFinder(permissions: Permissions, entry: string) {
  const cwd = process.cwd();
  const own = ["/data", "/tmp", "/outbox", path.join(cwd, "data"), ...DEVICES];
  const writable = [...own, ...grantedPaths(permissions["fs.write"])];
  const readable = [
    ...writable,
    "/plugin",
    "/inbox",
    cwd,
    path.dirname(entry),
    ...grantedPaths(permissions["fs.read"]),
  ];
  return (target: unknown, use: Exclude<PathUse, "none">, flags: unknown): PermissionError | undefined => {
    const file = toPath(target);
    if (file === undefined) return undefined;
    const isWrite = use === "write" || (use === "flags" && isWriting(flags));
    const roots = isWrite ? writable : readable;
    return roots.some((root) => isInside(file, root)) ? undefined : createDenial(file, isWrite);
  };
}

function createDenial(file: string, isWrite: boolean): PermissionError {
  const [verb, capability, places] = isWrite
    ? ["write", "fs.write", "/data and /tmp"]
    : ["read", "fs.read", "/plugin, /data and /tmp"];
  const sentence = `EACCES: Cannot ${verb} ${JSON.stringify(file)}: a plugin may ${verb} in ${places} only.`;
  const manifestLine = pathLine(capability, file);
  const error = new PermissionError(capability, sentence, { code: "EACCES", manifestLine });
  return Object.assign(error, { errno: -13, syscall: "open", path: file });
}

/** Absolute path of what Node takes for one; `undefined` for descriptors and for what Node will refuse itself. */
function toPath(target: unknown): string | undefined {
  if (typeof target === "string") return path.resolve(target);
  if (target instanceof Uint8Array) return path.resolve(Buffer.from(target).toString());
  return target instanceof URL && target.protocol === "file:" ? fileURLToPath(target) : undefined;
}

function isInside(file: string, root: string): boolean {
  return file === root || file.startsWith(root.endsWith("/") ? root : `${root}/`);
}

/** Flags of open(2) as text ("r", "w+", "a") or number (any access mode but O_RDONLY, or O_CREAT). */
function isWriting(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & (0o3 | 0o100)) !== 0;
  return typeof flags === "string" && /[wa+]/.test(flags);
}

function grantedPaths(parameters: unknown): readonly string[] {
  if (typeof parameters !== "object" || parameters === null || !("paths" in parameters)) return [];
  const { paths } = parameters;
  return Array.isArray(paths) ? paths.filter((each) => typeof each === "string") : [];
}
