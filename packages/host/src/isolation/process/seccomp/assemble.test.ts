import fc from "fast-check";
import { expect, test } from "vitest";
import { assembleSeccomp, type Profile } from "./assemble.js";
import { decodeInstructions, OPCODE } from "./instruction.js";
import { interpretSeccomp } from "./interpret.js";
import {
  type Argument,
  allow,
  type Condition,
  errno,
  int,
  isAnyOf,
  isBelow,
  isMasked,
  kill,
  long,
  type Rule,
  type SeccompAction,
  when,
} from "./rules.js";
import { SYSCALLS, type SyscallName, X32_FIRST_NUMBER } from "./syscalls.js";

const ARCHES = ["x64", "arm64"] as const;
const ENOSYS: SeccompAction = { kind: "errno", errno: 38 };

// Few bits, so that masks and values meet often, in both words.
const interestingWord = fc.constantFrom(
  0n,
  1n,
  2n,
  0x80n,
  0xffff_ffffn,
  0x8000_0000n,
  0x1_0000_0000n,
  1n << 63n,
);
const anyValue = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), interestingWord);

const anyArgument: fc.Arbitrary<Argument> = fc.record({
  index: fc.constantFrom(0, 1, 2, 3, 4, 5),
  width: fc.constantFrom("int", "long"),
});

const anyCondition: fc.Arbitrary<Condition> = anyArgument.chain((argument) => {
  const value = anyValue.map((wide) => (argument.width === "int" ? BigInt.asUintN(32, wide) : wide));
  return fc.oneof(
    fc.record({ kind: fc.constant("masked" as const), argument: fc.constant(argument), mask: value, value }),
    fc.record({
      kind: fc.constant("any-of" as const),
      argument: fc.constant(argument),
      values: fc.array(value, { maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant("below" as const), argument: fc.constant(argument), limit: value }),
  );
});

const anyAction = fc.constantFrom<SeccompAction>(allow, kill, errno("EPERM"), errno("EINVAL"));
const anyRule: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    anyAction,
    fc
      .tuple(anyCondition, tie("rule"), tie("rule"))
      .map(([condition, then, otherwise]) => when(condition, then, otherwise)),
  ),
})).rule;

const anyName = fc.constantFrom(...(Object.keys(SYSCALLS.x64) as SyscallName[])); // safe: keys of that table
const anyProfile: fc.Arbitrary<Profile> = fc
  .uniqueArray(fc.tuple(anyName, anyRule), { selector: ([name]) => name, maxLength: 60 })
  .map((entries) => Object.fromEntries(entries));
const anyArgs = fc.array(anyValue, { minLength: 6, maxLength: 6 });

/** The meaning of a rule, written a second time and without bit tricks. */
function decide(rule: Rule, args: readonly bigint[]): SeccompAction {
  if (rule.kind !== "when") return rule;
  const { condition } = rule;
  const whole = args[condition.argument.index] ?? 0n;
  const value = condition.argument.width === "int" ? whole % (1n << 32n) : whole;
  const holds =
    condition.kind === "masked"
      ? (value & condition.mask) === condition.value
      : condition.kind === "any-of"
        ? condition.values.includes(value)
        : value < condition.limit;
  return decide(holds ? rule.then : rule.otherwise, args);
}

test.each(ARCHES)("assembleSeccomp() for %s decides every listed call as its rule says", (arch) => {
  fc.assert(
    fc.property(anyProfile, anyArgs, (profile, args) => {
      const program = assembleSeccomp(profile, arch);
      for (const [name, rule] of Object.entries(profile)) {
        const number = SYSCALLS[arch][name as SyscallName]; // safe: made of such names
        if (number === undefined) continue;
        expect(interpretSeccomp(program, { arch, number, args })).toEqual(decide(rule, args));
      }
    }),
  );
});

test.each(ARCHES)("assembleSeccomp() for %s answers every unlisted number with ENOSYS", (arch) => {
  fc.assert(
    fc.property(anyProfile, fc.oneof(fc.nat(1000), fc.nat(X32_FIRST_NUMBER - 1)), (profile, number) => {
      const listed = Object.keys(profile).some((name) => SYSCALLS[arch][name as SyscallName] === number); // safe: same
      fc.pre(!listed);
      expect(interpretSeccomp(assembleSeccomp(profile, arch), { arch, number, args: [] })).toEqual(ENOSYS);
    }),
  );
});

test("assembleSeccomp() kills every call of another instruction set", () => {
  const program = assembleSeccomp({ read: allow, getpid: allow }, "x64");
  const i386 = 0x4000_0003;
  for (const arch of ["arm64", i386, 0, 0xffff_ffff] as const) {
    expect(interpretSeccomp(program, { arch, number: 0, args: [] })).toEqual(kill);
  }
  expect(
    interpretSeccomp(assembleSeccomp({ read: allow }, "arm64"), { arch: "x64", number: 63, args: [] }),
  ).toEqual(kill);
});

test("assembleSeccomp() kills x32 numbers on x86-64 and calls them unlisted on arm64", () => {
  for (const number of [X32_FIRST_NUMBER, X32_FIRST_NUMBER + 39, 0xffff_ffff]) {
    const call = { number, args: [] };
    expect(interpretSeccomp(assembleSeccomp({ getpid: allow }, "x64"), { arch: "x64", ...call })).toEqual(
      kill,
    );
    expect(interpretSeccomp(assembleSeccomp({ getpid: allow }, "arm64"), { arch: "arm64", ...call })).toEqual(
      ENOSYS,
    );
  }
});

test("an int argument is compared without the garbage in its high bits, a long one with them", () => {
  const rule = (argument: Argument) => when(isAnyOf(argument, [0x5412]), errno("EPERM"), allow);
  const decideFor = (argument: Argument) =>
    interpretSeccomp(assembleSeccomp({ ioctl: rule(argument) }, "x64"), {
      arch: "x64",
      number: 16,
      args: [0n, 0xdead_beef_0000_5412n],
    });
  expect(decideFor(int(1))).toEqual(errno("EPERM"));
  expect(decideFor(long(1))).toEqual(allow);
});

test("isBelow() compares without a sign, a long argument over both words", () => {
  const rule = when(isBelow(long(1), 0x1_0000_0002), allow, kill);
  const program = assembleSeccomp({ read: rule, write: when(isBelow(int(1), 2), allow, kill) }, "x64");
  const decideFor = (number: number, value: bigint) =>
    interpretSeccomp(program, { arch: "x64", number, args: [0n, value] }).kind;
  const values = [0n, 0x1_0000_0001n, 0x1_0000_0002n, 0x2_0000_0000n, -1n];
  expect(values.map((value) => decideFor(0, value))).toEqual(["allow", "allow", "kill", "kill", "kill"]);
  expect(values.map((value) => decideFor(1, value))).toEqual(["allow", "allow", "kill", "allow", "kill"]);
});

test("a comparison with a number that the argument cannot hold is refused", () => {
  expect(() => isMasked(int(0), 1 << 31, 0)).toThrow(RangeError);
  expect(() => isAnyOf(int(0), [0x1_0000_0000])).toThrow(RangeError);
  expect(() => isAnyOf(long(0), [0.5])).toThrow(RangeError);
});

test("assembleSeccomp() reaches targets farther than a conditional jump does", () => {
  const names = (Object.keys(SYSCALLS.x64) as SyscallName[]).slice(0, 300); // safe: keys of that table
  const rules = names.map((name, index) => [
    name,
    when(isAnyOf(long(0), [index, index + 1000]), allow, errno("EPERM")),
  ]);
  const program = assembleSeccomp(Object.fromEntries(rules), "x64");
  expect(decodeInstructions(program).some(({ code }) => code === OPCODE.jump)).toBe(true);
  for (const [index, name] of names.entries()) {
    const number = SYSCALLS.x64[name] ?? Number.NaN;
    expect(interpretSeccomp(program, { arch: "x64", number, args: [BigInt(index + 1000)] })).toEqual(allow);
    expect(interpretSeccomp(program, { arch: "x64", number, args: [BigInt(index + 1)] })).toEqual(
      errno("EPERM"),
    );
  }
});

test("assembleSeccomp() refuses a program that the kernel would not take", () => {
  const values = Array.from({ length: 4100 }, (_, index) => index);
  expect(() => assembleSeccomp({ read: when(isAnyOf(int(0), values), allow, kill) }, "x64")).toThrow(/4096/);
});
