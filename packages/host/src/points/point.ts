import { PaddockError } from "@paddock/contract";
import { readSafely } from "../read-safely.js";
import { type InputOf, isStandardSchema, type OutputOf, type StandardSchema } from "./standard-schema.js";

/** An extension point: what an application asks of every plugin that implements it. */
export interface Point<Input = unknown, Output = unknown> {
  /** With its major version: `shop.discount@1`. */
  readonly name: string;
  /** The action that does it, in every plugin. */
  readonly action: string;
  readonly input: StandardSchema<Input>;
  readonly output: StandardSchema<unknown, Output>;
}

export interface PointDefinition<Input extends StandardSchema, Output extends StandardSchema> {
  /** What the application gives: checked before anything is sent. */
  readonly input: Input;
  /** What a plugin has to answer: checked when it comes back. */
  readonly output: Output;
  /** The name of the action; by default the last word of the point's name, `discount` of `shop.discount@1`. */
  readonly action?: string | undefined;
}

/** As manifests have it under `implements`. */
const NAME = /^(?=.{1,128}$)([a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*)@([1-9][0-9]{0,3})$/;
const ACTION = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;

/** Makes an extension point from any Standard Schemas (zod, valibot, …). Throws USAGE_INVALID. */
export function definePoint<Input extends StandardSchema, Output extends StandardSchema>(
  name: string,
  definition: PointDefinition<Input, Output>,
): Point<InputOf<Input>, OutputOf<Output>> {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw wrong(
      name,
      "its name is not one",
      'It is like "shop.discount@1": words, dots and a major version.',
    );
  }
  const { input, output, action = lastWord(name) } = definition;
  if (!isStandardSchema(input) || !isStandardSchema(output)) {
    const which = isStandardSchema(input) ? "output" : "input";
    throw wrong(name, `its ${which} is not a Standard Schema`, "Take one of zod, valibot, arktype, …");
  }
  if (typeof action !== "string" || !ACTION.test(action)) {
    const state = `no action can be called ${JSON.stringify(String(action).slice(0, 80))}`;
    throw wrong(name, state, 'Give the name of the action: { action: "discount" }.');
  }
  return Object.freeze({ name, action, input, output });
}

/** True for what `definePoint` made. */
export function isPoint(value: unknown): value is Point {
  if (typeof value !== "object" || value === null) return false;
  return readSafely(
    "extension point",
    () => isStandardSchema(Reflect.get(value, "input")) && typeof Reflect.get(value, "action") === "string",
  );
}

/** The name without its major version. */
export function pointFamily(name: string): string {
  return name.slice(0, name.lastIndexOf("@"));
}

/** `giftCard` for `shop.gift-card@1`: the names of actions have no hyphens. */
function lastWord(name: string): string {
  const family = pointFamily(name);
  const word = family.slice(family.lastIndexOf(".") + 1);
  return word.replaceAll(/-+([a-z0-9]?)/g, (_, next: string) => next.toUpperCase());
}

function wrong(name: unknown, state: string, hint: string): PaddockError {
  const subject = JSON.stringify(String(name).slice(0, 130));
  return new PaddockError("USAGE_INVALID", `Cannot define the point ${subject}: ${state}.`, { hint });
}
