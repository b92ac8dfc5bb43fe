import type { z } from "zod";
import { count, list, shaped, size } from "../schema/fields.js";

export type ParameterValue = string | number | readonly string[];

/** A capability's parameters inside: normal form, sizes in bytes. */
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** One parameter of a capability. */
export interface Parameter {
  /** What people may write in a manifest; its output is the normal form. */
  readonly schema: z.ZodType<ParameterValue | undefined>;
  /** Its name inside, where the unit is part of the name. */
  readonly field: string;
  /** How people write it, for the documents. */
  readonly written: string;
  /** Whether a request stays inside what is allowed. Both sides may be hostile: anything odd is `false`. */
  readonly covers: (allowed: unknown, asked: unknown) => boolean;
}

/** Most entries in any list of a capability. */
export const MAX_ENTRIES = 64;

export interface ListOptions {
  readonly field: string;
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly what: string;
  readonly isValid?: (item: string) => boolean;
  readonly normalise?: (item: string) => string;
  readonly covers?: (allowed: string, asked: string) => boolean;
  /** Used when the manifest does not say. */
  readonly preset?: readonly string[];
}

/** A list of texts; each one asked for must lie inside one that is allowed. */
export function texts(options: ListOptions): Parameter {
  const {
    field,
    pattern,
    maxLength,
    what,
    isValid,
    normalise = String,
    covers = Object.is,
    preset,
  } = options;
  const item = shaped(pattern, maxLength, what);
  const honest = isValid === undefined ? item : item.refine(isValid, { error: what });
  const entries = list(honest, 1, MAX_ENTRIES, "entries").transform((items) =>
    [...new Set(items.map(normalise))].sort(),
  );
  return {
    schema: preset === undefined ? entries : entries.default([...preset]),
    field,
    written: `list: ${what}`,
    covers: (allowed, asked) =>
      isTexts(allowed) &&
      isTexts(asked) &&
      asked.length > 0 &&
      asked.every((one) => allowed.some((other) => covers(other, one))),
  };
}

/** One text that must be the same. */
export function word(field: string, pattern: RegExp, maxLength: number, what: string): Parameter {
  return {
    schema: shaped(pattern, maxLength, what),
    field,
    written: what,
    covers: (allowed, asked) => typeof asked === "string" && allowed === asked,
  };
}

/** A size; asking for none at all is asking for 0. */
export function bytes(field: string, max: string, preset?: number): Parameter {
  const schema = size(max);
  return {
    schema: preset === undefined ? schema : schema.default(preset),
    field,
    written: `size, at most ${max}`,
    covers: coversAmount,
  };
}

/** A number of things; asking for none at all is asking for 0. */
export function amount(field: string, max: number): Parameter {
  return { schema: count(1, max), field, written: `whole number, at most ${max}`, covers: coversAmount };
}

export function coversAmount(allowed: unknown = 0, asked: unknown = 0): boolean {
  return typeof allowed === "number" && typeof asked === "number" && asked >= 0 && asked <= allowed;
}

/** The strings of a list parameter; empty when there is none. */
export function textsOf(parameters: Parameters, field: string): readonly string[] {
  const value = parameters[field];
  return isTexts(value) ? value : [];
}

export function amountOf(parameters: Parameters, field: string): number {
  const value = parameters[field];
  return typeof value === "number" ? value : 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
