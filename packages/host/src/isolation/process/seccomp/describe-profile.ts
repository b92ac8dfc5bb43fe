import type { Profile } from "./assemble.js";
import { type Argument, type Condition, ERRNO, type Rule } from "./rules.js";
import { type SeccompArch, SYSCALLS, type SyscallName } from "./syscalls.js";

/** The profile as text to read and compare: one line per system call of the processor, in the order of numbers. */
export function describeProfile(profile: Profile, arch: SeccompArch): string {
  // Safe: the keys of the table are names of system calls, and none is undefined.
  const calls = Object.entries(SYSCALLS[arch]) as readonly [SyscallName, number][];
  const lines = calls
    .toSorted(([, one], [, other]) => one - other)
    .map(([name, number]) => `${number} ${name}: ${describeRule(profile[name])}`);
  return `${lines.join("\n")}\n`;
}

function describeRule(rule: Rule | undefined): string {
  if (rule === undefined) return "unlisted";
  switch (rule.kind) {
    case "when":
      return `${describeCondition(rule.condition)} ? ${describeRule(rule.then)} : ${describeRule(rule.otherwise)}`;
    case "errno":
      return Object.entries(ERRNO).find(([, number]) => number === rule.errno)?.[0] ?? `${rule.errno}`;
    default:
      return rule.kind;
  }
}

function describeCondition(condition: Condition): string {
  const name = describeArgument(condition.argument);
  switch (condition.kind) {
    case "masked":
      return `${name} & ${hexadecimal(condition.mask)} == ${hexadecimal(condition.value)}`;
    case "any-of":
      return `${name} in [${condition.values.map(hexadecimal).join(" ")}]`;
    case "below":
      return `${name} < ${hexadecimal(condition.limit)}`;
  }
}

const describeArgument = ({ index, width }: Argument): string => `${width}${index}`;
const hexadecimal = (value: bigint): string => `0x${value.toString(16)}`;
