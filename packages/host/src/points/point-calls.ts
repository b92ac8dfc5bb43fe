import { type Manifest, PaddockError, toPaddockError } from "@paddock/contract";
import { type CallOptions, readCallOptions } from "../pipeline/call-options.js";
import { createTraceparents } from "../pipeline/traceparent.js";
import { checkValue } from "./check-value.js";
import { inParallel } from "./in-parallel.js";
import { isPoint, type Point } from "./point.js";
import { failedAll, lacksAction, notImplemented, severalImplement, unfit } from "./point-errors.js";

/** Plugins that one `all` asks at the same time. */
export const MAX_PARALLEL_PLUGINS = 32;

/** What extension points need of a host. */
export interface PointPlugins {
  plugins(): readonly PointPlugin[];
  call(plugin: string, action: string, payload: unknown, options: CallOptions): Promise<unknown>;
}

export interface PointPlugin {
  readonly id: string;
  readonly version: string;
  readonly manifest: Pick<Manifest, "implements" | "actions">;
}

/** What one plugin made of it. */
export type PointResult<Output> =
  | { readonly kind: "success"; readonly plugin: string; readonly version: string; readonly value: Output }
  | {
      readonly kind: "failure";
      readonly plugin: string;
      readonly version: string;
      readonly error: PaddockError;
    };

export interface PointOptions extends Omit<CallOptions, "fallback"> {
  /** Ask these only, in this order; by default all that implement it, in the order of their ids. */
  readonly plugins?: readonly string[] | undefined;
}

/**
 * One question to the plugins that implement a point. Before any plugin is asked every method rejects with
 * INPUT_INVALID for a payload that does not fit, and USAGE_INVALID for options that are none. `timeoutMs` is for
 * the whole question, however many plugins are asked.
 */
export interface PointCalls<Input, Output> {
  /** Asks all at once. One result or error for each, in order; none when nobody implements it. */
  all(payload: Input, options?: PointOptions): Promise<readonly PointResult<Output>[]>;
  /** Asks one after the other until one answers. Rejects with POINT_NOT_FOUND, or with why all of them failed. */
  first(payload: Input, options?: PointOptions): Promise<Output>;
  /** Asks the only one. Rejects with POINT_NOT_FOUND, with USAGE_INVALID for several, or with its failure. */
  one(payload: Input, options?: PointOptions): Promise<Output>;
}

/** A question that may be asked: payload and options are checked. */
interface Question {
  readonly payload: unknown;
  readonly options: CallOptions;
  readonly targets: readonly PointPlugin[];
  /** On the clock of `performance.now()`. */
  readonly endsAt: number | undefined;
}

const nextTraceparent = createTraceparents();

/** The methods of `host.point(point)`. Throws USAGE_INVALID for what is no point. */
export function createPointCalls<Input, Output>(
  point: Point<Input, Output>,
  host: PointPlugins,
): PointCalls<Input, Output> {
  if (!isPoint(point)) {
    throw new PaddockError("USAGE_INVALID", "Cannot ask plugins for that: it is not an extension point.", {
      hint: 'Give what definePoint("shop.discount@1", …) returned.',
    });
  }
  return {
    all: async (payload, options) => {
      const question = await prepare(point, host, payload, options);
      return inParallel(question.targets, MAX_PARALLEL_PLUGINS, (target) =>
        ask(point, host, target, question),
      );
    },
    first: async (payload, options) => {
      const question = await prepare(point, host, payload, options);
      if (question.targets.length === 0) throw notImplemented(point.name, host.plugins());
      const failures: { readonly plugin: string; readonly error: PaddockError }[] = [];
      for (const target of question.targets) {
        const result = await ask(point, host, target, question);
        if (result.kind === "success") return result.value;
        failures.push(result);
        // Nobody waits any more, so nobody else is asked.
        if (question.options.signal?.aborted === true) throw result.error;
      }
      throw failedAll(point.name, failures);
    },
    one: async (payload, options) => {
      const question = await prepare(point, host, payload, options);
      const [target, ...others] = question.targets;
      if (target === undefined) throw notImplemented(point.name, host.plugins());
      if (others.length > 0) throw severalImplement(point.name, question.targets);
      const result = await ask(point, host, target, question);
      if (result.kind === "failure") throw result.error;
      return result.value;
    },
  };
}

async function prepare<Input>(
  point: Point<Input>,
  host: PointPlugins,
  given: Input,
  written: PointOptions = {},
): Promise<Question> {
  if (typeof written !== "object" || written === null) readCallOptions(written);
  // A fallback would stand for a plugin's answer, and so keep the next plugin from being asked.
  const { plugins, fallback: _, ...options }: PointOptions & { readonly fallback?: unknown } = written;
  readCallOptions(options);
  const targets = chooseTargets(point.name, host.plugins(), plugins);
  const { timeoutMs } = options;
  const endsAt = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const payload = await checkValue(point.input, given, {
    code: "INPUT_INVALID",
    subject: `The input of "${point.name}"`,
    hint: "Correct the payload.",
    data: { point: point.name },
  });
  // One trace for the whole question.
  return { payload, options: { traceparent: nextTraceparent(), ...options }, targets, endsAt };
}

function chooseTargets(
  point: string,
  loaded: readonly PointPlugin[],
  chosen: readonly string[] | undefined,
): readonly PointPlugin[] {
  const implementors = loaded.filter(({ manifest }) => manifest.implements.includes(point));
  if (chosen === undefined) return implementors.sort((a, b) => (a.id < b.id ? -1 : 1));
  if (!Array.isArray(chosen)) {
    throw new PaddockError("USAGE_INVALID", 'The option "plugins" is not a list of plugin ids.');
  }
  return [...new Set(chosen)].map((id) => {
    const found = implementors.find((plugin) => plugin.id === id);
    if (found === undefined) throw unfit(point, id, loaded);
    return found;
  });
}

/** Never rejects: whatever goes wrong with one plugin is that plugin's result. */
async function ask<Output>(
  point: Point<unknown, Output>,
  host: PointPlugins,
  { id, version, manifest }: PointPlugin,
  { payload, options, endsAt }: Question,
): Promise<PointResult<Output>> {
  try {
    if (!Object.hasOwn(manifest.actions, point.action)) throw lacksAction(id, point);
    const timeoutMs = endsAt === undefined ? undefined : endsAt - performance.now();
    if (timeoutMs !== undefined && timeoutMs <= 0) {
      throw new PaddockError(
        "TIMEOUT",
        `"${point.name}" was not asked of "${id}": the time was over before.`,
        {
          hint: "Raise timeoutMs, or ask fewer plugins.",
        },
      );
    }
    const answer = await host.call(id, point.action, payload, { ...options, timeoutMs });
    const value = await checkValue(point.output, answer, {
      code: "OUTPUT_INVALID",
      subject: `The answer of "${id}" to "${point.name}"`,
      hint: "The plugin's author must answer what the point asks for.",
      data: { point: point.name, plugin: id },
    });
    return { kind: "success", plugin: id, version, value };
  } catch (thrown) {
    return { kind: "failure", plugin: id, version, error: toPaddockError(thrown, `ask "${id}"`) };
  }
}
