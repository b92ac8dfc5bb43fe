import { MAX_ATTACHMENT_DEPTH, MAX_ATTACHMENTS, MAX_DEPTH } from "./limits.js";
import { formatPointer } from "./pointer.js";

/** A value that JSON cannot carry, and where it stood. */
export interface Detached<T> {
  readonly at: string;
  readonly value: T;
}

/** The value with null where something was taken out of it; what `value` holds itself is left as it is. */
export interface Detachment<T> {
  readonly json: unknown;
  readonly detached: readonly Detached<T>[];
}

/** Why a value cannot be sent, for the error that says so. */
export class DetachError extends Error {}

/**
 * Takes out what travels beside a message: whatever `read` makes something of; it may not be asked about plain objects and
 * arrays. `undefined` when there is nothing
 * of the kind, which is told without making anything. Throws DetachError for something too deep inside.
 */
export function detach<T>(value: unknown, read: (value: object) => T | undefined): Detachment<T> | undefined {
  // Nearly every value: told without making anything.
  if (isPlainData(value, 0)) return undefined;
  const detached: Detached<T>[] = [];
  const json = walk(value, { read, detached, path: [], ancestors: [] });
  return detached.length === 0 ? undefined : { json, detached };
}

/** How deep plain data is looked for; a cycle ends there, too. */
const MAX_PLAIN_DEPTH = 16;

/** Whether it holds nothing but plain objects, arrays and what is no object; false where that takes longer to tell. */
function isPlainData(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth > MAX_PLAIN_DEPTH || Symbol.asyncIterator in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype && Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      if (!isPlainData(value[index], depth + 1)) return false;
    return true;
  }
  if (prototype !== Object.prototype) return false;
  // Safe: these are its names.
  for (const name in value)
    if (!isPlainData((value as Record<string, unknown>)[name], depth + 1)) return false;
  return true;
}

interface Walk<T> {
  readonly read: (value: object) => T | undefined;
  readonly detached: Detached<T>[];
  readonly path: (string | number)[];
  readonly ancestors: object[];
}

/** The value itself, or a copy in which something is null. */
function walk<T>(value: unknown, state: Walk<T>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { read, detached, path, ancestors } = state;
  const found = read(value);
  if (found !== undefined) {
    if (path.length > MAX_ATTACHMENT_DEPTH) throw tooDeep(path);
    if (detached.length === MAX_ATTACHMENTS) {
      throw new DetachError(`more than ${MAX_ATTACHMENTS} byte strings, streams and files`);
    }
    detached.push({ at: formatPointer(path), value: found });
    return null;
  }
  // A cycle, or what nests too deeply, is refused when it becomes JSON.
  if (path.length >= MAX_DEPTH || ancestors.includes(value)) return value;
  if ("toJSON" in value && typeof value.toJSON === "function") return value;
  ancestors.push(value);
  const copy = Array.isArray(value) ? walkArray(value, state) : walkObject(value, state);
  ancestors.pop();
  return copy;
}

function walkArray<T>(value: readonly unknown[], state: Walk<T>): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const inner = value[index];
    if (typeof inner !== "object" || inner === null) continue;
    state.path.push(index);
    const changed = walk(inner, state);
    state.path.pop();
    if (changed === inner) continue;
    copy ??= [...value];
    copy[index] = changed;
  }
  return copy ?? value;
}

function walkObject<T>(value: object, state: Walk<T>): unknown {
  let copy: Record<string, unknown> | undefined;
  // Own names only, as JSON.stringify takes them; `for in` makes no list of them.
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue;
    // Safe: it is an own name.
    const inner = (value as Record<string, unknown>)[name];
    if (typeof inner !== "object" || inner === null) continue;
    state.path.push(name);
    const changed = walk(inner, state);
    state.path.pop();
    if (changed === inner) continue;
    copy ??= copyOf(value);
    Object.defineProperty(copy, name, {
      value: changed,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy ?? value;
}

/** With "__proto__" as the name that it is. */
function copyOf(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value));
}

function tooDeep(path: readonly (string | number)[]): DetachError {
  return new DetachError(
    `bytes, a stream or a file at ${formatPointer(path).slice(0, 200)}, more than ${MAX_ATTACHMENT_DEPTH} steps inside`,
  );
}
