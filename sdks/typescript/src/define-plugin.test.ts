import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Context } from "./context.js";
import { definePlugin, isPlugin } from "./define-plugin.js";

test("definePlugin() infers each action's input from its own schema", () => {
  const text: StandardSchemaV1<string, number> = {
    "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: Number(value) }) },
  };
  definePlugin({
    actions: {
      converted: {
        input: text,
        run(input, ctx) {
          expectTypeOf(input).toEqualTypeOf<number>();
          expectTypeOf(ctx).toEqualTypeOf<Context>();
          return input;
        },
      },
      resized: {
        input: z.object({ url: z.string(), width: z.number().default(64) }),
        output: z.object({ bytes: z.number() }),
        run: async (input) => {
          expectTypeOf(input).toEqualTypeOf<{ url: string; width: number }>();
          return { bytes: input.width };
        },
      },
      plain(input, ctx) {
        expectTypeOf(input).toEqualTypeOf<unknown>();
        expectTypeOf(ctx).toEqualTypeOf<Context>();
      },
      async named(input: { url: string }, { kv, log, signal, deadline }) {
        expectTypeOf(kv.get("k")).toEqualTypeOf<Promise<unknown>>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(deadline).toEqualTypeOf<number | undefined>();
        log.info(input.url, { a: 1 });
        return input.url;
      },
      arrow: (input: number) => input + 1,
    },
    init: async (ctx) => {
      // @ts-expect-error There is no call during init.
      ctx.signal;
    },
  });
});

test("definePlugin() refuses at compile time what is no action", () => {
  definePlugin({
    actions: {
      // @ts-expect-error A number is no action.
      count: 3,
    },
  });
  definePlugin({
    actions: {
      // @ts-expect-error The schema makes strings.
      wrong: { input: z.string(), run: (input: number) => input },
    },
  });
});

test("definePlugin() marks a plugin for every copy of this package", () => {
  const plugin = definePlugin({ actions: {} });
  expect(isPlugin(plugin)).toBe(true);
  expect(Symbol.for("paddock.plugin") in plugin).toBe(true);
  expect(Object.isFrozen(plugin)).toBe(true);
});

test.each([undefined, null, {}, { actions: {} }, () => 1])("isPlugin(%j) is false", (value) => {
  expect(isPlugin(value)).toBe(false);
});
