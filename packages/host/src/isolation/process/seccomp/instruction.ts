/** One classic-BPF instruction, `struct sock_filter`: jumps skip `jt` or `jf` instructions, always forward. */
export type Instruction = {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
};

/** The operations that our programs use. Source: `linux/bpf_common.h`. */
export const OPCODE = {
  load: 0x20,
  and: 0x54,
  jump: 0x05,
  jumpIfEqual: 0x15,
  jumpIfGreater: 0x25,
  jumpIfGreaterOrEqual: 0x35,
  return: 0x06,
} as const;

/** Return values of a seccomp program. Source: `linux/seccomp.h`. */
export const RETURN = { killProcess: 0x8000_0000, errno: 0x0005_0000, allow: 0x7fff_0000 } as const;

/** Where `struct seccomp_data` keeps its fields, in bytes. Source: `linux/seccomp.h`. */
export const FIELD = { number: 0, arch: 4, firstArgument: 16 } as const;

/** The most instructions the kernel accepts in one program (`BPF_MAXINSNS`). */
export const MAX_INSTRUCTIONS = 4096;

/** Bytes of one `struct sock_filter`. */
export const INSTRUCTION_BYTES = 8;

/** The bytes of a program as the kernel reads them, little-endian. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jt, jf, k }] of instructions.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k, true);
  }
  return bytes;
}

/** The instructions of a program; the inverse of `encodeInstructions`. */
export function decodeInstructions(program: Uint8Array): readonly Instruction[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  return Array.from({ length: program.byteLength / INSTRUCTION_BYTES }, (_, index) => {
    const at = index * INSTRUCTION_BYTES;
    return {
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    };
  });
}
