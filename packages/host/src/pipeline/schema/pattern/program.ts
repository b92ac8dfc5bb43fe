import type { Part } from "./parse-pattern.js";

/** A pattern as a graph: where one can stand in it, and where one gets from there. */
export interface Program {
  readonly start: number;
  readonly steps: readonly Step[];
}

export type Step =
  /** Goes on over one character. */
  | { readonly kind: "atom"; readonly source: string; readonly next: number }
  | { readonly kind: "fork"; readonly next: readonly number[] }
  /** Goes on at the begin or the end of the text only. */
  | { readonly kind: "begin" | "end"; readonly next: number }
  | { readonly kind: "match" };

/** Steps of one pattern, its repetitions written out. */
export const MAX_STEPS = 2_500;
/** Parts looked at while they are written out: an empty group may be repeated for ever without any step. */
const MAX_WORK = 4 * MAX_STEPS;

/** The program of a pattern; `undefined` when it would be too large. */
export function writeProgram(part: Part): Program | undefined {
  const steps: Step[] = [{ kind: "match" }];
  let work = 0;
  const start = write(part, 0);
  return start === undefined ? undefined : { start, steps };

  function add(step: Step): number | undefined {
    return steps.length < MAX_STEPS ? steps.push(step) - 1 : undefined;
  }

  /** From the end to the begin: `next` is where the part leads. */
  function write(one: Part, next: number | undefined): number | undefined {
    if (next === undefined || ++work > MAX_WORK) return undefined;
    switch (one.kind) {
      case "atom":
        return add({ kind: "atom", source: one.source, next });
      case "begin":
      case "end":
        return add({ kind: one.kind, next });
      case "sequence":
        return one.parts.reduceRight<number | undefined>((after, inner) => write(inner, after), next);
      case "choice":
        return fork(one.parts.map((inner) => write(inner, next)));
      case "repeat":
        return times(
          one.part,
          one.min,
          Number.isFinite(one.max) ? atMost(one, next) : forEver(one.part, next),
        );
    }
  }

  function fork(targets: readonly (number | undefined)[]): number | undefined {
    const known = targets.filter((target) => target !== undefined);
    return known.length < targets.length ? undefined : add({ kind: "fork", next: known });
  }

  function forEver(part: Part, next: number): number | undefined {
    const targets = [next];
    const loop = add({ kind: "fork", next: targets });
    const body = write(part, loop);
    if (body === undefined) return undefined;
    targets.push(body);
    return loop;
  }

  function atMost({ part, min, max }: Extract<Part, { kind: "repeat" }>, next: number): number | undefined {
    let at: number | undefined = next;
    for (let count = min; count < max && at !== undefined; count++) at = fork([write(part, at), next]);
    return at;
  }

  function times(part: Part, count: number, next: number | undefined): number | undefined {
    let at = next;
    for (let done = 0; done < count && at !== undefined; done++) at = write(part, at);
    return at;
  }
}
