import { z } from "zod";
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from "../human-units.js";
import { withoutPrototype } from "./without-prototype.js";

/**
 * Controls, text-direction marks, invisible spaces and halves of surrogate pairs: they could make a
 * consent text read differently from what it says, or steer a terminal.
 */
const UNSAFE =
  "\\p{Cc}\\p{Cs}\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}";
const ONE_LINE = new RegExp(`^[^${UNSAFE}]+$`, "u");
const LINES = new RegExp(`^(?:\\n|[^${UNSAFE}])+$`, "u");

/** One line of text for people. */
export function text(maxLength: number, what = "one line of text") {
  return shaped(ONE_LINE, maxLength, `${what}, 1 to ${maxLength} characters, no control characters`);
}

/** Text for people that may have several lines. */
export function paragraphs(maxLength: number) {
  return shaped(LINES, maxLength, `text, 1 to ${maxLength} characters, no control characters`);
}

/** Text of a fixed shape; `expected` says in words which. */
export function shaped(pattern: RegExp, maxLength: number, expected: string) {
  // A text that is too long is not given to the pattern at all.
  const bounded = z.string({ error: expected }).max(maxLength, { error: expected, abort: true });
  return bounded.regex(pattern, { error: expected });
}

/** A whole number. */
export function count(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export function flag() {
  return z.boolean({ error: "true or false" });
}

/** "64KB" → bytes. */
export function size(max: string) {
  return measured(parseSize, SIZE_PATTERN, { max, example: "64KB", word: "a size" });
}

/** "3s" → milliseconds. */
export function duration(max: string) {
  return measured(parseDuration, DURATION_PATTERN, { max, example: "3s", word: "a duration" });
}

export interface Measure {
  readonly max: string;
  readonly example: string;
  readonly word: string;
}

/** A human string to a positive number with a maximum. */
export function measured(parse: (text: string) => number | undefined, pattern: RegExp, measure: Measure) {
  return measuredAs(parse, pattern, measure, (value) => value);
}

/** The same, made into something else. */
export function measuredAs<T>(
  parse: (text: string) => number | undefined,
  pattern: RegExp,
  measure: Measure,
  make: (value: number, written: string) => T,
) {
  const expected = `${measure.word} such as "${measure.example}", above 0 and at most ${measure.max}`;
  const max = parse(measure.max) ?? 0;
  return z
    .string({ error: expected })
    .regex(pattern, { error: expected })
    .transform((written, context) => {
      const value = parse(written);
      if (value !== undefined && value > 0 && value <= max) return make(value, written);
      context.addIssue({ code: "custom", message: expected, input: written });
      return z.NEVER;
    });
}

/** A list without repetitions. */
export function list<T extends z.ZodType<string>>(item: T, min: number, max: number, what: string) {
  const error = `a list of ${min} to ${max} different ${what}`;
  return z
    .array(item, { error })
    .min(min, { error })
    .max(max, { error })
    .refine((items) => new Set(items).size === items.length, { error });
}

/** An object with names as keys; its output has no prototype. Give it `prefault`, not `default`. */
export function named<T extends z.ZodType>(key: z.ZodString, value: T, max: number, what: string) {
  return z
    .record(key, value, { error: `an object of ${what}` })
    .refine((entries) => Object.keys(entries).length <= max, { error: `at most ${max} ${what}` })
    .transform(withoutPrototype);
}
