import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Context, PluginContext } from "./context.js";

/** Marks plugins across copies of this package: the plugin's bundle brings one, the guest has another. */
const BRAND: unique symbol = Symbol.for("paddock.plugin") as never; // A registered symbol, named once here.

/**
 * Says what a plugin does. Export the result as default. `actions` are functions `(input, ctx) => result`
 * or `{ input, output?, run }` with Standard Schemas (zod, valibot, arktype, …); input, result and details
 * are JSON. `init` runs once before the first call, `shutdown` before a gentle end, `suspend` before the plugin is
 * frozen and `resume` after; `events` handles the topics of `events.subscribe`, `health` says whether calls may come.
 */
export function definePlugin<Inputs extends Record<string, unknown>>(
  definition: PluginDefinition<Inputs>,
): Plugin {
  // Each action only ever meets what its own schema let through, which is what its type says.
  const actions = definition.actions as unknown as Plugin["actions"];
  return Object.freeze({ ...definition, actions, [BRAND]: 1 as const });
}

/** True for what `definePlugin` made, in any copy of this package. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** `Inputs` is what each action's schema makes, inferred for each action from its own `input`. */
export interface PluginDefinition<Inputs extends Record<string, unknown>> extends Hooks {
  readonly actions: { readonly [Name in keyof Inputs]: ActionFunction | SchemaAction<Inputs[Name]> };
}

/** A plugin as the guest sees it: which schema belongs to which action is no longer in its type. */
export interface Plugin extends Hooks {
  readonly actions: Readonly<Record<string, ActionFunction | SchemaAction<unknown>>>;
  readonly [BRAND]: 1;
}

interface Hooks {
  readonly init?: (ctx: PluginContext) => unknown;
  readonly shutdown?: (ctx: PluginContext) => unknown;
  /** Has about a second; then the plugin is frozen. */
  readonly suspend?: (ctx: PluginContext) => unknown;
  readonly resume?: (ctx: PluginContext) => unknown;
  /** False (or an error, or no answer within a second) keeps calls away until it says otherwise. Asked regularly. */
  readonly health?: () => unknown;
  /** By topic (`orders.paid`) or by what it begins with (`orders.*`); an exact topic goes first, then the longest. */
  readonly events?: Readonly<Record<string, EventHandler>>;
}

/** One event at a time, in order. Declared as a method, so that the author may name the type of `payload`. */
export type EventHandler = {
  handle(payload: unknown, ctx: Context, event: EventInfo): unknown;
}["handle"];

export interface EventInfo {
  readonly topic: string;
  /** Id of the plugin that published it; `undefined` for the application. */
  readonly from: string | undefined;
}

/** Declared as a method, so that the author may name the type of `input`, which the manifest's schema checks. */
export type ActionFunction = { run(input: unknown, ctx: Context): unknown }["run"];

/** An action whose input (and result) is checked in the guest; `run` gets what the schema made. */
export interface SchemaAction<Input> {
  readonly input: StandardSchemaV1<unknown, Input>;
  readonly output?: StandardSchemaV1;
  readonly run: (input: Input, ctx: Context) => unknown;
}
