/**
 * A seccomp program that answers one system call with an error and allows the others: an older kernel, for tests.
 * With `second`, only calls whose second argument has this low word.
 */
export function refuse(systemCall: number, errno: number, second?: number): Uint8Array {
  const allow = filter(RETURN, 0, 0, 0x7fff_0000);
  const answer = filter(RETURN, 0, 0, 0x0005_0000 | errno);
  if (second === undefined) {
    return Buffer.concat([filter(LOAD, 0, 0, 0), filter(JUMP_IF_EQUAL, 0, 1, systemCall), answer, allow]);
  }
  return Buffer.concat([
    filter(LOAD, 0, 0, 0),
    filter(JUMP_IF_EQUAL, 0, 3, systemCall),
    filter(LOAD, 0, 0, SECOND_ARGUMENT),
    filter(JUMP_IF_EQUAL, 0, 1, second),
    answer,
    allow,
  ]);
}

// Instruction codes and offsets into struct seccomp_data, from linux/bpf_common.h and linux/seccomp.h.
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const SECOND_ARGUMENT = 24;

function filter(code: number, ifTrue: number, ifFalse: number, k: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}
