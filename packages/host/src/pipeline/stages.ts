import { PaddockError } from "@paddock/contract";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { ActionSchemas } from "./action-schemas.js";
import { authorize } from "./authorize.js";
import type { Breaker } from "./breaker.js";
import { deadline } from "./deadline.js";
import { fallback } from "./fallback.js";
import { type OwnStage, ownStage } from "./own-stage.js";
import type { Stage } from "./pipeline.js";
import type { CallQueue } from "./queue.js";
import { rateLimit } from "./rate-limit.js";
import { retry } from "./retry.js";
import { validateInput } from "./validate-input.js";
import { validateOutput } from "./validate-output.js";

/** What the stages of one plugin are made of. */
export interface StageParts {
  readonly plugin: LoadedPlugin;
  readonly schemas: ReadonlyMap<string, ActionSchemas>;
  readonly queue: CallQueue;
  /** Where calls wait once more that the queue has let through: further attempts, and whom a stage held up. */
  readonly room: CallQueue;
  readonly breaker: Breaker;
  readonly own: readonly OwnStage[];
  /** Aborts when the host closes. */
  readonly closing: AbortSignal;
}

/** One place in the list; without a stage nothing is configured that would need it. */
export interface NamedStage {
  readonly name: string;
  readonly stage: Stage | undefined;
}

/**
 * The order of a call, outermost first; the last one gives it to a guest, once. `validateOutput` does its part on the
 * way back, as do all that look at an answer.
 */
export const STAGE_NAMES = [
  "fallback",
  "deadline",
  "authorize",
  "validateInput",
  "rateLimit",
  "queue",
  "breaker",
  "retry",
  "validateOutput",
  "room",
  "attempt",
] as const;

export type StageName = (typeof STAGE_NAMES)[number];

/** All stages of one plugin but the last, in order, with the application's own among them. */
export function stagesOf(parts: StageParts): readonly NamedStage[] {
  const { plugin, schemas, queue, room, breaker, own, closing } = parts;
  const ours: Readonly<Record<StageName, Stage | undefined>> = {
    fallback,
    deadline: own.length === 0 ? undefined : deadline(closing),
    authorize: authorize(plugin),
    validateInput: validateInput(schemas, plugin.settings.undeclared === "drop"),
    rateLimit: rateLimit(plugin),
    queue: queue.stage,
    breaker: breaker.stage,
    retry: retry(plugin, closing),
    validateOutput: validateOutput(schemas),
    room: room.stage,
    attempt: undefined,
  };
  return STAGE_NAMES.flatMap((name) => [
    ...own.filter(({ before }) => before === name).map(named),
    ...(name === "attempt" ? [] : [{ name, stage: ours[name] }]),
    ...own.filter(({ after }) => after === name).map(named),
  ]);
}

function named(own: OwnStage): NamedStage {
  return { name: own.name, stage: ownStage(own) };
}

/** An application's stage is inside the deadline, which holds for it, and takes up no room in a guest. */
const BEFORE = STAGE_NAMES.filter((name) => name !== "fallback" && name !== "deadline" && name !== "attempt");
const AFTER = STAGE_NAMES.filter((name) => name !== "fallback" && name !== "room" && name !== "attempt");

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The stages an application gave, each read once. Throws CONFIG_INVALID, naming the stage. */
export function readOwnStages(given: readonly OwnStage[] | undefined): readonly OwnStage[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid("stages", "it is not a list");
  const names = new Set<string>(STAGE_NAMES);
  return given.map((one: unknown, at) => {
    const where = `stages[${at}]`;
    if (typeof one !== "object" || one === null) throw invalid(where, "it is not an object");
    // Safe: every member is checked before it is used.
    const { name, before, after, run } = one as Readonly<Record<keyof OwnStage, unknown>>;
    if (typeof name !== "string" || !NAME.test(name)) throw invalid(where, "its name is not a plain word");
    if (names.has(name)) throw invalid(where, `the name "${name}" is taken`);
    if (typeof run !== "function") throw invalid(where, `"${name}" has no function run`);
    if ((before === undefined) === (after === undefined))
      throw invalid(where, `"${name}" needs either before or after`);
    if (!isPlace(before, BEFORE) || !isPlace(after, AFTER))
      throw invalid(
        where,
        `"${name}" has no such place: before ${BEFORE.join(", ")}; after ${AFTER.join(", ")}`,
      );
    names.add(name);
    // Safe: just checked, and a function's parameters cannot be.
    return { name, before, after, run } as OwnStage;
  });
}

function isPlace(name: unknown, places: readonly StageName[]): boolean {
  return name === undefined || places.some((one) => one === name);
}

function invalid(where: string, state: string): PaddockError {
  return new PaddockError("CONFIG_INVALID", `Cannot use the option ${where}: ${state}.`, {
    hint: 'A stage is { name, before or after: "rateLimit", run(call, next) }; docs/calling.md has an example.',
  });
}
