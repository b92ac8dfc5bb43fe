import { type Instruction, OPCODE } from "./instruction.js";

/** The place of an instruction, counted from the end of the program. */
export type Label = number;

/** The comparisons of the loaded word with a constant. */
export type Comparison = "jumpIfEqual" | "jumpIfGreater" | "jumpIfGreaterOrEqual";

/** A program under construction. */
export type Program = {
  /** Ends with a verdict. */
  readonly verdict: (value: number) => Label;
  /** Loads a word of `struct seccomp_data`, then goes on at `next`. */
  readonly load: (offset: number, next: Label) => Label;
  /** Keeps only the bits of `mask` in the loaded word, then goes on at `next`. */
  readonly and: (mask: number, next: Label) => Label;
  /** Goes on at `yes` or at `no`. */
  readonly branch: (comparison: Comparison, constant: number, yes: Label, no: Label) => Label;
  /** The instructions in the order of execution, the last label made first. */
  readonly finish: () => readonly Instruction[];
};

const MAX_SHORT_JUMP = 255;

/**
 * Builds a classic-BPF program from its last instruction to its first.
 *
 * BPF jumps only forward, so every target is known when the jump to it is made; a conditional jump reaches
 * 255 instructions, and a farther target gets an unconditional jump in between. Equal instructions with
 * equal successors are made once, so rules that several calls share cost nothing.
 */
export function createProgram(): Program {
  const reversed: Instruction[] = [];
  const made = new Map<string, Label>();

  const append = (code: number, k: number, jt = 0, jf = 0): Label => reversed.push({ code, jt, jf, k }) - 1;
  const distance = (target: Label): number => reversed.length - 1 - target;
  const once = (key: string, make: () => Label): Label => {
    const label = made.get(key) ?? make();
    made.set(key, label);
    return label;
  };

  /** A label at most `farthest` instructions ahead that leads to `target`. */
  const within = (farthest: number, target: Label): Label =>
    distance(target) <= farthest ? target : append(OPCODE.jump, distance(target));

  const step = (code: number, k: number, next: Label): Label =>
    once(`${code} ${k} ${next}`, () => {
      within(0, next);
      return append(code, k);
    });

  return {
    verdict: (value) => once(`verdict ${value}`, () => append(OPCODE.return, value)),
    load: (offset, next) => step(OPCODE.load, offset, next),
    and: (mask, next) => step(OPCODE.and, mask, next),
    branch: (comparison, constant, yes, no) =>
      once(`${comparison} ${constant} ${yes} ${no}`, () => {
        // One less for the first target: bridging the second may push it one instruction farther away.
        const nearYes = within(MAX_SHORT_JUMP - 1, yes);
        const nearNo = within(MAX_SHORT_JUMP, no);
        return append(OPCODE[comparison], constant, distance(nearYes), distance(nearNo));
      }),
    finish: () => reversed.toReversed(),
  };
}
