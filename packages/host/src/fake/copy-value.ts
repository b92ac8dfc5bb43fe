import { randomUUID } from "node:crypto";

/**
 * What is left of a value on the other side of a wall: JSON, `undefined` as null, and bytes and streams as they are.
 * Throws as JSON.stringify does.
 */
export function copyValue(value: unknown): unknown {
  const kept: unknown[] = [];
  // Nobody can guess it, so no text of the value is taken for a mark.
  const mark = randomUUID();
  const text = JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, json: unknown) {
    // Not `json`: a Buffer has been turned into a record by then.
    const original = this[key];
    return isFlowing(original) ? `${mark}${kept.push(original) - 1}` : json;
  });
  if (text === undefined) return null;
  return JSON.parse(text, (_, one: unknown) =>
    typeof one === "string" && one.startsWith(mark) ? kept[Number(one.slice(mark.length))] : one,
  );
}

function isFlowing(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Uint8Array || value instanceof ReadableStream || Symbol.asyncIterator in value;
}
