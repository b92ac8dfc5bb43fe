import { decodeInstructions, FIELD, OPCODE, RETURN } from "./instruction.js";
import type { SeccompAction } from "./rules.js";
import { AUDIT_ARCH, type SeccompArch } from "./syscalls.js";

/** A system call as the kernel shows it to a seccomp program. `arch` may be any AUDIT_ARCH value. */
export type SeccompCall = {
  readonly arch: SeccompArch | number;
  readonly number: number;
  readonly args: readonly bigint[];
};

/**
 * Runs a seccomp program on a call and returns its verdict, as the kernel would. Throws where the kernel's
 * checker would refuse the program: unknown instruction, a jump or the end beyond the program, a stray load.
 */
export function interpretSeccomp(program: Uint8Array, call: SeccompCall): SeccompAction {
  const instructions = decodeInstructions(program);
  const data = encodeCall(call);
  let word = 0;
  for (let at = 0; ; at += 1) {
    const instruction = instructions[at];
    if (instruction === undefined)
      throw new RangeError(`Cannot go on at instruction ${at}: the program ends before.`);
    const { code, jt, jf, k } = instruction;
    switch (code) {
      case OPCODE.load:
        word = data.getUint32(k, true);
        break;
      case OPCODE.and:
        word = (word & k) >>> 0;
        break;
      case OPCODE.jump:
        at += k;
        break;
      case OPCODE.jumpIfEqual:
        at += word === k ? jt : jf;
        break;
      case OPCODE.jumpIfGreater:
        at += word > k ? jt : jf;
        break;
      case OPCODE.jumpIfGreaterOrEqual:
        at += word >= k ? jt : jf;
        break;
      case OPCODE.return:
        return parseReturn(k);
      default:
        throw new RangeError(`Cannot run instruction ${at}: unknown code ${code}.`);
    }
  }
}

function encodeCall(call: SeccompCall): DataView {
  const view = new DataView(new ArrayBuffer(FIELD.firstArgument + 6 * 8));
  view.setUint32(FIELD.number, call.number, true);
  view.setUint32(FIELD.arch, typeof call.arch === "number" ? call.arch : AUDIT_ARCH[call.arch], true);
  for (const [index, argument] of call.args.entries()) {
    view.setBigUint64(FIELD.firstArgument + 8 * index, BigInt.asUintN(64, argument), true);
  }
  return view;
}

function parseReturn(value: number): SeccompAction {
  if (value === RETURN.allow) return { kind: "allow" };
  if (value === RETURN.killProcess) return { kind: "kill" };
  if (value >>> 16 === RETURN.errno >>> 16) return { kind: "errno", errno: value & 0xffff };
  throw new RangeError(`Cannot read the verdict 0x${value.toString(16)}: not one of ours.`);
}
