/** Values of one label that are told apart; what comes later is counted as "other". */
export const MAX_LABEL_VALUES = 2_000;

/** What replaces a label's value past the bound. */
const OTHER = "other";

/** Things by the values of a few labels: a map of maps, because joining texts for a key would cost more. */
export class Series<T> {
  readonly #create: () => T;
  readonly #root: Branch<T> = new Map();

  constructor(create: () => T) {
    this.#create = create;
  }

  /** The one for these values, made when it is not there. Every time with as many values. */
  of(...values: readonly string[]): T {
    let branch = this.#root;
    const last = values.length - 1;
    for (let at = 0; at < last; at++) {
      const value = known(branch, values[at] ?? "");
      const next = branch.get(value) ?? new Map();
      branch.set(value, next);
      // Safe: below the last value there are branches only, as every series has a fixed number of values.
      branch = next as Branch<T>;
    }
    const value = known(branch, values[last] ?? "");
    const leaf = branch.get(value) ?? this.#create();
    branch.set(value, leaf);
    // Safe: at the last value there are leaves only.
    return leaf as T;
  }

  *entries(): Iterable<readonly [values: readonly string[], leaf: T]> {
    yield* walk<T>(this.#root, []);
  }
}

type Branch<T> = Map<string, T | Branch<T>>;

function known<T>(branch: Branch<T>, value: string): string {
  return branch.size < MAX_LABEL_VALUES || branch.has(value) ? value : OTHER;
}

function* walk<T>(branch: Branch<T>, above: readonly string[]): Iterable<readonly [readonly string[], T]> {
  for (const [value, below] of branch) {
    if (below instanceof Map) yield* walk<T>(below, [...above, value]);
    else yield [[...above, value], below];
  }
}
