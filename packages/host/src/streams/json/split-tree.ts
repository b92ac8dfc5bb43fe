import { CHARACTERS_PER_WEIGHT, PIECE_WEIGHT, SMALL_WEIGHT, type Step } from "./tree-steps.js";

/** Characters of one part of a long text. */
const TEXT_PART = 32 * 1024;

/** The steps that build a value, in pieces that weigh about the same. The value nests no deeper than JSON of the wire. */
export function* splitTree(value: unknown): Generator<readonly Step[], void, undefined> {
  const piece = new Piece();
  yield* walk(value, piece);
  yield piece.take();
}

class Piece {
  #steps: Step[] = [];
  #weight = 0;

  get isFull(): boolean {
    return this.#weight >= PIECE_WEIGHT;
  }

  add(step: Step, weight: number): void {
    this.#steps.push(step);
    this.#weight += weight;
  }

  take(): readonly Step[] {
    const steps = this.#steps;
    this.#steps = [];
    this.#weight = 0;
    return steps;
  }
}

function* walk(value: unknown, piece: Piece): Generator<readonly Step[], void, undefined> {
  const weight = weigh(value, SMALL_WEIGHT);
  if (weight <= SMALL_WEIGHT) piece.add(["value", value], weight);
  else if (typeof value === "string") yield* walkText(value, piece);
  else if (Array.isArray(value)) yield* walkArray(value, piece);
  // Safe: only objects weigh more than that.
  else yield* walkObject(value as Readonly<Record<string, unknown>>, piece);
  if (piece.isFull) yield piece.take();
}

function* walkText(text: string, piece: Piece): Generator<readonly Step[], void, undefined> {
  piece.add(["text", []], 1);
  for (let at = 0; at < text.length; at += TEXT_PART) {
    piece.add(["more-text", text.slice(at, at + TEXT_PART)], TEXT_PART / CHARACTERS_PER_WEIGHT);
    if (piece.isFull) yield piece.take();
  }
  piece.add(["end-text"], 1);
}

function* walkArray(array: readonly unknown[], piece: Piece): Generator<readonly Step[], void, undefined> {
  piece.add(["open", "array"], 1);
  let small: unknown[] = [];
  let smallWeight = 0;
  const flush = () => {
    if (small.length > 0) piece.add(["values", small], smallWeight);
    small = [];
    smallWeight = 0;
  };
  for (const inner of array) {
    const weight = weigh(inner, SMALL_WEIGHT);
    if (weight <= SMALL_WEIGHT) {
      small.push(inner);
      smallWeight += weight;
      if (smallWeight < SMALL_WEIGHT) continue;
      flush();
      if (piece.isFull) yield piece.take();
      continue;
    }
    flush();
    yield* walk(inner, piece);
  }
  flush();
  piece.add(["close"], 1);
}

function* walkObject(
  object: Readonly<Record<string, unknown>>,
  piece: Piece,
): Generator<readonly Step[], void, undefined> {
  piece.add(["open", "object"], 1);
  let small: unknown[] = [];
  let smallWeight = 0;
  const flush = () => {
    if (small.length > 0) piece.add(["members", small], smallWeight);
    small = [];
    smallWeight = 0;
  };
  for (const name of Object.keys(object)) {
    const inner = object[name];
    const weight = weigh(inner, SMALL_WEIGHT) + name.length / CHARACTERS_PER_WEIGHT;
    if (weight <= SMALL_WEIGHT) {
      small.push(name, inner);
      smallWeight += weight;
      if (smallWeight < SMALL_WEIGHT) continue;
      flush();
      if (piece.isFull) yield piece.take();
      continue;
    }
    flush();
    piece.add(["name", name], 1 + name.length / CHARACTERS_PER_WEIGHT);
    yield* walk(inner, piece);
  }
  flush();
  piece.add(["close"], 1);
}

/** Values and characters in it, counted up to a little more than `limit`. */
function weigh(value: unknown, limit: number): number {
  if (typeof value === "string") return 1 + value.length / CHARACTERS_PER_WEIGHT;
  if (typeof value !== "object" || value === null) return 1;
  let weight = 1;
  if (Array.isArray(value)) {
    if (value.length > limit) return limit + 1;
    for (const inner of value) {
      weight += weigh(inner, limit - weight);
      if (weight > limit) return weight;
    }
    return weight;
  }
  for (const name in value) {
    // Safe: parsed JSON has own, enumerable names only.
    weight += 1 + name.length / CHARACTERS_PER_WEIGHT;
    weight += weigh((value as Record<string, unknown>)[name], limit - weight);
    if (weight > limit) return weight;
  }
  return weight;
}
