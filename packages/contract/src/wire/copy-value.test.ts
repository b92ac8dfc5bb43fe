import { expect, it } from "vitest";
import { copyValue } from "./copy-value.js";

it.each([
  [undefined, null],
  [() => 1, null],
  [{ a: undefined, b: [undefined] }, { b: [null] }],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [JSON.parse('{ "__proto__": { "a": 1 } }'), JSON.parse('{ "__proto__": { "a": 1 } }')],
])("copyValue(%j) is %j", (value, copy) => expect(copyValue(value)).toEqual(copy));

it("copyValue() leaves bytes and streams as they are, wherever they stand", () => {
  const bytes = new Uint8Array([1, 2]);
  const stream = new ReadableStream();
  const items = (async function* () {
    yield 1;
  })();
  const given = { bytes, list: [stream, { items }] };
  const copy = copyValue(given);
  expect(copy).not.toBe(given);
  expect(copy).toEqual({ bytes, list: [stream, { items }] });
  expect(copyValue(bytes)).toBe(bytes);
});

it.each([[1n], [{ a: [1n] }]])("copyValue() throws for what is no JSON", (value) => {
  expect(() => copyValue(value)).toThrow(TypeError);
});
