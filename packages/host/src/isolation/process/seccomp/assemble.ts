import { encodeInstructions, FIELD, MAX_INSTRUCTIONS, RETURN } from "./instruction.js";
import { createProgram, type Label, type Program } from "./program.js";
import { type Argument, type Condition, errno, kill, type Rule, type SeccompAction } from "./rules.js";
import { AUDIT_ARCH, type SeccompArch, SYSCALLS, type SyscallName, X32_FIRST_NUMBER } from "./syscalls.js";

/** What becomes of each system call. Calls that are not listed do not exist for the process (ENOSYS). */
export type Profile = Readonly<Partial<Record<SyscallName, Rule>>>;

/** A run of call numbers with the same fate, up to the first number of the next segment. */
type Segment = { readonly first: number; readonly target: Label };

/**
 * Assembles a profile into a seccomp program, an array of `struct sock_filter` for `bwrap --seccomp`.
 *
 * The program checks the instruction set first (another one kills), then finds the call's number by binary
 * search. On Linux 5.11 and later calls that are always allowed skip even that: the kernel remembers them.
 */
export function assembleSeccomp(profile: Profile, arch: SeccompArch): Uint8Array {
  const program = createProgram();
  const search = buildSearch(program, buildSegments(program, profile, arch));
  const killed = buildRule(program, kill);
  const numberOf = program.load(FIELD.number, search);
  // `int 0x80` and 32-bit code number the calls differently: the same number would mean another call.
  program.load(FIELD.arch, program.branch("jumpIfEqual", AUDIT_ARCH[arch], numberOf, killed));
  const instructions = program.finish();
  if (instructions.length > MAX_INSTRUCTIONS) {
    throw new RangeError(
      `Cannot assemble the seccomp profile for ${arch}: ${instructions.length} instructions. ` +
        `The kernel accepts ${MAX_INSTRUCTIONS}.`,
    );
  }
  return encodeInstructions(instructions);
}

function buildSegments(program: Program, profile: Profile, arch: SeccompArch): readonly Segment[] {
  const unlisted = buildRule(program, errno("ENOSYS"));
  const targets = new Map<number, Label>();
  for (const [name, rule] of Object.entries(profile)) {
    // Safe: the keys of a Profile are names of system calls.
    const number = SYSCALLS[arch][name as SyscallName];
    if (number !== undefined) targets.set(number, buildRule(program, rule));
  }
  const segments: Segment[] = [{ first: 0, target: targets.get(0) ?? unlisted }];
  const extend = (first: number, target: Label): void => {
    if (segments.at(-1)?.target !== target) segments.push({ first, target });
  };
  const highest = Math.max(0, ...targets.keys());
  for (let number = 1; number <= highest + 1; number += 1) extend(number, targets.get(number) ?? unlisted);
  // x32 calls are x86-64 calls under other numbers, with arguments of other sizes: nothing legitimate uses them.
  if (arch === "x64") extend(X32_FIRST_NUMBER, buildRule(program, kill));
  return segments;
}

function buildSearch(program: Program, segments: readonly Segment[]): Label {
  const middle = segments.length >> 1;
  // Safe: there is at least one segment, and halves of two or more are never empty.
  const pivot = segments[middle] as Segment;
  if (middle === 0) return pivot.target;
  const upper = buildSearch(program, segments.slice(middle));
  const lower = buildSearch(program, segments.slice(0, middle));
  return program.branch("jumpIfGreaterOrEqual", pivot.first, upper, lower);
}

function buildRule(program: Program, rule: Rule): Label {
  if (rule.kind !== "when") return program.verdict(returnValue(rule));
  const otherwise = buildRule(program, rule.otherwise);
  const then = buildRule(program, rule.then);
  return buildCondition(program, rule.condition, then, otherwise);
}

function returnValue(action: SeccompAction): number {
  switch (action.kind) {
    case "allow":
      return RETURN.allow;
    case "errno":
      return RETURN.errno | action.errno;
    case "kill":
      return RETURN.killProcess;
  }
}

function buildCondition(program: Program, condition: Condition, yes: Label, no: Label): Label {
  const { argument } = condition;
  switch (condition.kind) {
    case "masked":
      return buildMasked(program, argument, condition.mask, condition.value, yes, no);
    case "any-of":
      return condition.values.reduceRight(
        (next, value) => buildMasked(program, argument, 0xffff_ffff_ffff_ffffn, value, yes, next),
        no,
      );
    case "below":
      return buildBelow(program, argument, condition.limit, yes, no);
  }
}

function buildMasked(
  program: Program,
  argument: Argument,
  mask: bigint,
  value: bigint,
  yes: Label,
  no: Label,
): Label {
  const equalLow = buildWord(program, lowWord(argument), low(mask), low(value), yes, no);
  if (argument.width === "int") return equalLow;
  return buildWord(program, highWord(argument), high(mask), high(value), equalLow, no);
}

function buildWord(
  program: Program,
  offset: number,
  mask: number,
  value: number,
  yes: Label,
  no: Label,
): Label {
  const compare = program.branch("jumpIfEqual", value, yes, no);
  return program.load(offset, mask === 0xffff_ffff ? compare : program.and(mask, compare));
}

function buildBelow(program: Program, argument: Argument, limit: bigint, yes: Label, no: Label): Label {
  const compareLow = program.branch("jumpIfGreaterOrEqual", low(limit), no, yes);
  const belowLow = program.load(lowWord(argument), compareLow);
  if (argument.width === "int") return belowLow;
  const tie = program.branch("jumpIfEqual", high(limit), belowLow, yes);
  return program.load(highWord(argument), program.branch("jumpIfGreater", high(limit), no, tie));
}

// Both processors are little-endian: the low word comes first.
const lowWord = (argument: Argument): number => FIELD.firstArgument + 8 * argument.index;
const highWord = (argument: Argument): number => lowWord(argument) + 4;
const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
const high = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n));
