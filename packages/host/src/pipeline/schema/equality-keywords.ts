import type { _, CodeKeywordDefinition, FuncKeywordDefinition } from "ajv/dist/2020.js";
import { isEqualJson } from "./is-equal-json.js";

/**
 * `const` and `enum` in place of ajv's own, which call the "toString" and "valueOf" that a value brings along and
 * then throw. `code` is ajv's template for safe code; it comes with ajv, which is loaded late.
 */
export function constKeyword(code: typeof _): CodeKeywordDefinition {
  return {
    keyword: "const",
    error: { message: "must be equal to constant" },
    code(context) {
      const { data, gen, schema, schemaCode } = context;
      const isPlain = typeof schema !== "object" || schema === null;
      const equal = isPlain ? undefined : gen.scopeValue("func", { ref: isEqualJson });
      context.pass(
        equal === undefined ? code`${data} === ${schemaCode}` : code`${equal}(${data}, ${schemaCode})`,
      );
    },
  };
}

export function enumKeyword(): FuncKeywordDefinition {
  return {
    keyword: "enum",
    schemaType: "array",
    error: { message: "must be equal to one of the allowed values" },
    compile: (wanted: readonly unknown[]) => {
      const plain = new Set(wanted);
      const others = wanted.filter((one) => typeof one === "object" && one !== null);
      return (value: unknown) => plain.has(value) || others.some((one) => isEqualJson(value, one));
    },
  };
}
