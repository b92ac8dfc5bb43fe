import { PaddockError } from "@paddock/contract";

/** As a host bounds it. */
const MAX_KEY_BYTES = 512;
const MAX_VALUE_BYTES = 48 * 1024;
const MAX_LISTED_KEYS = 1_000;

/** `kv` of one tenant, in memory: what is kept is JSON, as in a host. */
export interface MemoryStore {
  /** Answers `kv.get`, `kv.set`, `kv.delete` and `kv.list`. Throws USAGE_INVALID or QUOTA_EXCEEDED. */
  answer(method: string, params: Readonly<Record<string, unknown>>, maxBytes: number): object;
}

export function createMemoryStore(): MemoryStore {
  const values = new Map<string, string>();
  return {
    answer: (method, params, maxBytes) => {
      switch (method) {
        case "kv.get": {
          const text = values.get(readKey(method, params.key));
          return text === undefined ? {} : { value: JSON.parse(text) };
        }
        case "kv.set":
          set(values, readKey(method, params.key), params.value, maxBytes);
          return {};
        case "kv.delete":
          values.delete(readKey(method, params.key));
          return {};
        default:
          return { keys: list(values, params) };
      }
    },
  };
}

function set(values: Map<string, string>, key: string, value: unknown, maxBytes: number): void {
  const text = JSON.stringify(value ?? null);
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES) {
    throw new PaddockError("USAGE_INVALID", 'Cannot do "kv.set": value: expected at most 48 KB of JSON.');
  }
  const others = [...values].filter(([one]) => one !== key);
  const used = others.reduce(
    (sum, [one, other]) => sum + Buffer.byteLength(one) + Buffer.byteLength(other),
    0,
  );
  if (used + Buffer.byteLength(key) + Buffer.byteLength(text) > maxBytes) {
    throw new PaddockError("QUOTA_EXCEEDED", `Cannot do "kv.set": ${used} of ${maxBytes} bytes are in use.`);
  }
  values.set(key, text);
}

function list(
  values: ReadonlyMap<string, string>,
  params: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { prefix = "", after = "", limit = MAX_LISTED_KEYS } = params;
  if (!(typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LISTED_KEYS)) {
    throw new PaddockError("USAGE_INVALID", `Cannot do "kv.list": limit: expected 1 to ${MAX_LISTED_KEYS}.`);
  }
  return [...values.keys()]
    .filter(
      (key) =>
        key.startsWith(String(prefix)) && (after === "" || Buffer.compare(bytes(key), bytes(after)) > 0),
    )
    .sort((a, b) => Buffer.compare(bytes(a), bytes(b)))
    .slice(0, limit);
}

function bytes(key: unknown): Buffer {
  return Buffer.from(String(key));
}

function readKey(method: string, key: unknown): string {
  if (
    typeof key === "string" &&
    key !== "" &&
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    !/[\p{Cc}\p{Cs}]/u.test(key)
  )
    return key;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot do "${method}": key: expected text of 1 to ${MAX_KEY_BYTES} bytes without control characters.`,
  );
}
