/** The status that the program exits with, which no other program here uses. */
export const TINY_PROGRAM_STATUS = 42;

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOADED_AT = 0x400000n;
const MACHINES: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  // mov edi, 42; mov eax, 60; syscall
  x64: { machine: 62, code: [0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05] },
  // mov x0, #42; mov x8, #93; svc #0
  arm64: { machine: 183, code: [0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4] },
};

/** A whole Linux program in 132 bytes: all it does is exit. */
export function tinyProgram(architecture: string): Buffer {
  const made = MACHINES[architecture];
  if (made === undefined) throw new Error(`there is no program for ${architecture}`);
  const headerBytes = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const size = BigInt(headerBytes + made.code.length);
  const program = Buffer.alloc(Number(size));
  program.write("\x7fELF\x02\x01\x01", "latin1");
  program.writeUInt16LE(2, 16); // executable
  program.writeUInt16LE(made.machine, 18);
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(LOADED_AT + BigInt(headerBytes), 24); // first instruction
  program.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32);
  program.writeUInt16LE(ELF_HEADER_BYTES, 52);
  program.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  program.writeUInt16LE(1, 56); // one segment: all of the file
  program.writeUInt32LE(1, 64); // to be loaded
  program.writeUInt32LE(5, 68); // readable, executable
  program.writeBigUInt64LE(LOADED_AT, 80);
  program.writeBigUInt64LE(LOADED_AT, 88);
  program.writeBigUInt64LE(size, 96);
  program.writeBigUInt64LE(size, 104);
  program.writeBigUInt64LE(0x1000n, 112);
  program.set(made.code, headerBytes);
  return program;
}
