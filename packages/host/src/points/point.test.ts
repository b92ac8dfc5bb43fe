import { expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { definePoint, type Point } from "./point.js";

const schemas = { input: z.unknown(), output: z.unknown() };

it.each([
  ["shop.discount@1", "discount"],
  ["discount@12", "discount"],
  ["shop.gift-card@1", "giftCard"],
  ["shop.pay--later-now@2", "payLaterNow"],
])("definePoint(%j) asks the action %j", (name, action) => {
  expect(definePoint(name, schemas)).toMatchObject({ name, action });
});

it("definePoint() takes another action by name", () => {
  expect(definePoint("shop.discount@1", { ...schemas, action: "price" }).action).toBe("price");
});

it.each([
  "",
  "discount",
  "shop.discount@0",
  "shop.discount@",
  "Shop.x@1",
  "a b@1",
  "shop..x@1",
  "x@1\n",
  3,
  null,
])("definePoint(%j) is refused", (name) => {
  // What a program without types may give.
  expect(() => definePoint(name as string, schemas)).toThrow(
    expect.objectContaining({ code: "USAGE_INVALID" }),
  );
});

it.each([
  ["no schema", { input: {}, output: z.string() }],
  ["no output", { input: z.string(), output: undefined }],
  ["a hostile action", { ...schemas, action: "__proto__" }],
  ["an action that is none", { ...schemas, action: 3 }],
])("definePoint() refuses %s", (_, definition) => {
  // What a program without types may give.
  expect(() => definePoint("shop.discount@1", definition as never)).toThrow(
    expect.objectContaining({ code: "USAGE_INVALID" }),
  );
});

it("definePoint() infers what is given and what comes back", () => {
  const point = definePoint("shop.discount@1", {
    input: z.object({ total: z.number(), note: z.string().default("") }),
    output: z.object({ at: z.string().transform((text) => new Date(text)) }),
  });
  expectTypeOf(point).toEqualTypeOf<Point<{ total: number; note?: string | undefined }, { at: Date }>>();
});
