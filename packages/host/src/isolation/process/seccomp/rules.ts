/** Linux error numbers, which x86-64 and arm64 share. Source: `asm-generic/errno-base.h`, `errno.h`. */
export const ERRNO = { EPERM: 1, EINVAL: 22, ENOTTY: 25, ENOSYS: 38, EOPNOTSUPP: 95 } as const;

/** What becomes of a system call. `kill` ends the whole process with SIGSYS (exit status 159). */
export type SeccompAction =
  | { readonly kind: "allow" }
  | { readonly kind: "errno"; readonly errno: number }
  | { readonly kind: "kill" };

/**
 * One of the six arguments. `int`: the kernel looks at the low 32 bits only, and so must the filter, or garbage
 * in the high bits would defeat it. `long`: all 64 bits count.
 */
export type Argument = { readonly index: 0 | 1 | 2 | 3 | 4 | 5; readonly width: "int" | "long" };

/** A question about one argument; numbers are unsigned. */
export type Condition =
  | { readonly kind: "masked"; readonly argument: Argument; readonly mask: bigint; readonly value: bigint }
  | { readonly kind: "any-of"; readonly argument: Argument; readonly values: readonly bigint[] }
  | { readonly kind: "below"; readonly argument: Argument; readonly limit: bigint };

/** A decision tree over the arguments of one system call. */
export type Rule =
  | SeccompAction
  | { readonly kind: "when"; readonly condition: Condition; readonly then: Rule; readonly otherwise: Rule };

/** Lets the call through. */
export const allow: SeccompAction = { kind: "allow" };

/** Ends the process: for calls that only an attacker makes. */
export const kill: SeccompAction = { kind: "kill" };

/** Refuses the call with an error that ordinary software copes with. */
export function errno(name: keyof typeof ERRNO): SeccompAction {
  return { kind: "errno", errno: ERRNO[name] };
}

/** Chooses between two rules by the value of an argument. */
export function when(condition: Condition, then: Rule, otherwise: Rule): Rule {
  return { kind: "when", condition, then, otherwise };
}

/** The argument at `index`, of which the kernel reads 32 bits. */
export function int(index: Argument["index"]): Argument {
  return { index, width: "int" };
}

/** The argument at `index`, of which the kernel reads 64 bits. */
export function long(index: Argument["index"]): Argument {
  return { index, width: "long" };
}

/** True when `argument & mask` is exactly `value`. */
export function isMasked(argument: Argument, mask: number, value: number): Condition {
  return { kind: "masked", argument, mask: unsigned(argument, mask), value: unsigned(argument, value) };
}

/** True when no bit of `bits` is set. */
export function hasNone(argument: Argument, bits: number): Condition {
  return isMasked(argument, bits, 0);
}

/** True when the argument is one of `values`. */
export function isAnyOf(argument: Argument, values: readonly number[]): Condition {
  return { kind: "any-of", argument, values: values.map((value) => unsigned(argument, value)) };
}

/** True when the argument, unsigned, is less than `limit`. */
export function isBelow(argument: Argument, limit: number): Condition {
  return { kind: "below", argument, limit: unsigned(argument, limit) };
}

/** `1 << 31` is negative in JavaScript, and 33 bits never fit an `int`: both would make a check that never bites. */
function unsigned(argument: Argument, value: number): bigint {
  const largest = argument.width === "int" ? 0xffff_ffff : Number.MAX_SAFE_INTEGER;
  if (!Number.isInteger(value) || value < 0 || value > largest) {
    throw new RangeError(
      `Cannot compare an ${argument.width} argument with ${value}: not an unsigned number of that width.`,
    );
  }
  return BigInt(value);
}
