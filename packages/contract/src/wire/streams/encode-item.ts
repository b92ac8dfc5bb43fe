/** The bytes of one item among others: a line of JSON, or a byte string behind its length. */
export function encodeItem(item: unknown, encodeText: (text: string) => Uint8Array): readonly Uint8Array[] {
  if (item instanceof Uint8Array) return [encodeText(`@${item.length}\n`), item];
  return [encodeText(`${JSON.stringify(item) ?? "null"}\n`)];
}
