import { formatSize, PaddockError } from "@paddock/contract";
import { z } from "zod";
import type { KeyValues, Store } from "../store/store.js";
import type { CapabilityProvider, ProviderMethod, ProviderRequest } from "./provider.js";

export const MAX_KEY_BYTES = 512;
/** Of one value, as JSON; leaves room for the rest of the message that carries it. */
export const MAX_VALUE_BYTES = 48 * 1024;
/** Of one plugin and tenant. */
export const MAX_KEYS = 10_000;
/** In one answer. */
export const MAX_LISTED_KEYS = 1_000;

/** `storage.kv`: what a plugin remembers, for each tenant apart. Values are JSON. */
export function createKeyValueProvider(store: Store): CapabilityProvider {
  const of = ({ plugin, tenant }: ProviderRequest): KeyValues =>
    store.keyValues({ plugin: plugin.id, tenant });
  return {
    capability: "storage.kv",
    methods: {
      "kv.get": method(z.strictObject({ key }), async (params, request) => {
        const text = await of(request).get(params.key);
        return text === undefined ? {} : { value: JSON.parse(text) };
      }),
      "kv.set": method(z.strictObject({ key, value }), async (params, request) => {
        const text = serialise(params.value);
        const maxBytes = Number(request.allowed.maxBytes ?? 0);
        const outcome = await of(request).set(params.key, text, { maxBytes, maxKeys: MAX_KEYS });
        if (outcome.kind === "over-bounds") throw overQuota(outcome.usedBytes, outcome.usedKeys, maxBytes);
        return {};
      }),
      "kv.delete": method(z.strictObject({ key }), async (params, request) => {
        await of(request).delete(params.key);
        return {};
      }),
      "kv.list": method(z.strictObject({ prefix, after: prefix, limit }), async (params, request) => ({
        keys: await of(request).list(params),
      })),
    },
    // The store is its owner's to close.
    close: () => Promise.resolve(),
  };
}

const KEY_WORDS = `text of 1 to ${MAX_KEY_BYTES} bytes without control characters`;
const LIMIT_WORDS = `a whole number from 1 to ${MAX_LISTED_KEYS}`;

const partOfKey = z.string({ error: KEY_WORDS }).refine(isPartOfKey, { error: KEY_WORDS });
const key = partOfKey.refine((text) => text !== "", { error: KEY_WORDS });
const prefix = partOfKey.default("");
const limit = z
  .int({ error: LIMIT_WORDS })
  .min(1, { error: LIMIT_WORDS })
  .max(MAX_LISTED_KEYS, { error: LIMIT_WORDS })
  .default(MAX_LISTED_KEYS);
const value = z.unknown().refine((given) => given !== undefined, { error: "a value" });

/** Controls could forge a line where keys are shown; half a surrogate pair has no UTF-8 bytes. */
function isPartOfKey(text: string): boolean {
  return (
    text.length <= MAX_KEY_BYTES && Buffer.byteLength(text) <= MAX_KEY_BYTES && !/[\p{Cc}\p{Cs}]/u.test(text)
  );
}

function method<P>(
  params: z.ZodType<P>,
  run: (params: P, request: ProviderRequest) => Promise<unknown>,
): ProviderMethod<P> {
  return { params, run };
}

function serialise(given: unknown): string {
  const text = JSON.stringify(given);
  if (Buffer.byteLength(text) <= MAX_VALUE_BYTES) return text;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot do "kv.set": value: expected at most ${formatSize(MAX_VALUE_BYTES)} of JSON.`,
    { hint: "Divide it among several keys, or keep it in a file under /data." },
  );
}

function overQuota(usedBytes: number, usedKeys: number, maxBytes: number): PaddockError {
  const used = `${formatSize(usedBytes)} of ${formatSize(maxBytes)} and ${usedKeys} of ${MAX_KEYS} keys are in use`;
  return new PaddockError("QUOTA_EXCEEDED", `Cannot do "kv.set": ${used}.`, {
    hint: "Delete keys that are not needed, or declare storage.kv with a larger max.",
    data: { usedBytes, maxBytes, usedKeys, maxKeys: MAX_KEYS },
  });
}
