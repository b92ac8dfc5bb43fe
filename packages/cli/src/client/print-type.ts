import { PaddockError } from "@paddock/contract";
import { printKey, printString } from "./print-text.js";

/** Characters of one printed type: references are written out, so a small schema may be a large type. */
export const MAX_TYPE_CHARACTERS = 200_000;

type Schema = Readonly<Record<string, unknown>>;

/**
 * The TypeScript type of what a JSON Schema allows, where types can say it; sizes, patterns, `not` and `if` are left
 * to the host. The schema has passed the host's check, so that its references end. Throws PLUGIN_INVALID for a type
 * that would be too long.
 */
export function printType(schema: unknown, where: string): string {
  const definitions = isRecord(schema) && isRecord(schema.$defs) ? schema.$defs : {};
  let left = MAX_TYPE_CHARACTERS;
  return print(schema);

  function print(one: unknown): string {
    if (one === false) return "never";
    if (!isRecord(one)) return "unknown";
    const parts = [reference(one), literals(one), kinds(one), ...combined(one)].filter(
      (part) => part !== undefined,
    );
    const known = [...new Set(parts)].filter((part) => part !== "unknown");
    return spend(known.length > 1 ? known.map(inBrackets).join(" & ") : (known[0] ?? "unknown"));
  }

  function spend(text: string): string {
    left -= text.length;
    if (left >= 0) return text;
    throw new PaddockError("PLUGIN_INVALID", `Cannot write the type of "${where}": it would be too long.`, {
      hint: `The plugin's author makes the schema smaller: its type may have ${MAX_TYPE_CHARACTERS} characters.`,
    });
  }

  function reference({ $ref }: Schema): string | undefined {
    if (typeof $ref !== "string") return undefined;
    const name = $ref.slice("#/$defs/".length);
    return Object.hasOwn(definitions, name) ? print(definitions[name]) : "unknown";
  }

  function literals(one: Schema): string | undefined {
    if (Object.hasOwn(one, "const")) return printLiteral(one.const);
    return Array.isArray(one.enum) ? union(one.enum.map((value) => printLiteral(value))) : undefined;
  }

  function kinds(one: Schema): string | undefined {
    if (Object.hasOwn(one, "const") || Object.hasOwn(one, "enum")) return undefined;
    if (one.type !== undefined) {
      const list: readonly unknown[] = Array.isArray(one.type) ? one.type : [one.type];
      return union(list.map((kind) => printKind(one, kind)));
    }
    // Who writes members without a type means an object, and the host takes more than that only from others.
    if (["properties", "additionalProperties", "required"].some((key) => key in one)) return printObject(one);
    return ["items", "prefixItems"].some((key) => key in one) ? printArray(one) : undefined;
  }

  function printKind(one: Schema, kind: unknown): string {
    switch (kind) {
      case "object":
        return printObject(one);
      case "array":
        return printArray(one);
      case "integer":
        return "number";
      case "string":
      case "number":
      case "boolean":
      case "null":
        return kind;
      default:
        return "unknown";
    }
  }

  function printObject(one: Schema): string {
    const required: readonly unknown[] = Array.isArray(one.required) ? one.required : [];
    const properties = isRecord(one.properties) ? one.properties : {};
    const members = Object.entries(properties).map(
      ([name, value]) => `readonly ${printKey(name)}${required.includes(name) ? "" : "?"}: ${print(value)}`,
    );
    for (const name of required) {
      if (typeof name === "string" && !Object.hasOwn(properties, name)) {
        members.push(`readonly ${printKey(name)}: unknown`);
      }
    }
    const { additionalProperties: more } = one;
    if (more === true || isRecord(more)) {
      // Beside named members the index has to allow those as well.
      members.push(`readonly [name: string]: ${members.length === 0 ? print(more) : "unknown"}`);
    }
    if (members.length > 0) return `{ ${members.join("; ")} }`;
    return more === false ? "Record<string, never>" : "{ readonly [name: string]: unknown }";
  }

  function printArray(one: Schema): string {
    const { prefixItems, items } = one;
    const rest = items === undefined ? "unknown" : print(items);
    if (!Array.isArray(prefixItems)) return `readonly ${inBrackets(rest)}[]`;
    const least = typeof one.minItems === "number" ? one.minItems : 0;
    const places = prefixItems.map((item, at) => `${inBrackets(print(item))}${at < least ? "" : "?"}`);
    return `readonly [${[...places, ...(items === false ? [] : [`...${inBrackets(rest)}[]`])].join(", ")}]`;
  }

  function combined({ anyOf, oneOf, allOf }: Schema): readonly (string | undefined)[] {
    return [
      Array.isArray(anyOf) ? union(anyOf.map(print)) : undefined,
      Array.isArray(oneOf) ? union(oneOf.map(print)) : undefined,
      ...(Array.isArray(allOf) ? allOf.map(print) : []),
    ];
  }
}

function union(parts: readonly string[]): string {
  if (parts.includes("unknown")) return "unknown";
  const different = [...new Set(parts)];
  return different.length === 1 ? (different[0] ?? "never") : different.map(inBrackets).join(" | ");
}

/** One value as a type. */
function printLiteral(value: unknown): string {
  if (typeof value === "string") return printString(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "number";
  if (typeof value === "boolean" || value === null) return String(value);
  if (Array.isArray(value)) return `readonly [${value.map(printLiteral).map(inBrackets).join(", ")}]`;
  if (!isRecord(value)) return "unknown";
  const members = Object.entries(value).map(
    ([name, one]) => `readonly ${printKey(name)}: ${printLiteral(one)}`,
  );
  return members.length === 0 ? "Record<string, never>" : `{ ${members.join("; ")} }`;
}

/** In brackets where something around it could take only a part of it. */
function inBrackets(type: string): string {
  return /^(?:[A-Za-z]+|-?[\d.e+-]+|"(?:[^"\\]|\\.)*")$/.test(type) ? type : `(${type})`;
}

function isRecord(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
