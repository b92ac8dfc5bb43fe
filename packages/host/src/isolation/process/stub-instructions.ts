import { Buffer } from "node:buffer";
import { RLIMIT_RESOURCES, type RlimitResource } from "./rlimit-resources.js";
import { HIGHEST_INT, id, limit, octal, refusal, u32, whole } from "./stub-arguments.js";

/**
 * One step of the launch stub (`native/launch-stub.c`), which does them in order and stops at the first that fails.
 * Paths are the host's own; sizes are bytes; ids and modes are numbers.
 */
export type StubInstruction =
  /** Own mount namespace; nothing mounted in it reaches the host, what the host unmounts is released here too. */
  | { readonly kind: "privateMounts" }
  /** Nothing that the host mounts from now on appears in this mount namespace. */
  | { readonly kind: "sealMounts" }
  /**
   * Binds `source` without what is mounted below it, making `target` when it is missing.
   * `/proc/self/fd/N` pins the file; ESTALE when it is out of reach.
   */
  | {
      readonly kind: "bindMount";
      readonly source: string;
      readonly target: string;
      readonly flags: readonly MountFlag[];
    }
  /** Locks and mounts an ext4 image, always nosuid, nodev, noexec. EAGAIN: another mount still holds the image. */
  | { readonly kind: "ext4Image"; readonly image: string; readonly target: string; readonly options: string }
  /** Always nosuid, nodev, noexec. */
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      readonly sizeBytes: number;
      readonly inodes: number;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** Replaces the flags of an existing mount by exactly these. */
  | { readonly kind: "remount"; readonly target: string; readonly flags: readonly MountFlag[] }
  | { readonly kind: "unmount"; readonly target: string }
  /** One write to an existing file: for settings under /proc and /sys. */
  | { readonly kind: "writeFile"; readonly path: string; readonly text: string }
  | {
      readonly kind: "rlimit";
      readonly resource: RlimitResource;
      readonly soft: number | "unlimited";
      readonly hard: number | "unlimited";
    }
  /** No supplementary groups, and these as real, effective and saved ids. */
  | { readonly kind: "identity"; readonly uid: number; readonly gid: number }
  /** Empties every capability set and locks them empty. Needs CAP_SETPCAP. */
  | { readonly kind: "dropCapabilities" }
  | { readonly kind: "noNewPrivileges" }
  /** Closes every descriptor from this one upward; it must be above the report descriptor. */
  | { readonly kind: "closeFrom"; readonly descriptor: number }
  /** A classic BPF program that must allow read, write, execve and exit_group to what follows. */
  | { readonly kind: "seccomp"; readonly program: Uint8Array }
  /** SIGKILL when the parent ends; ESRCH when it already has. After `identity`, which would undo it. */
  | { readonly kind: "dieWithParent"; readonly parentPid: number }
  | { readonly kind: "chdir"; readonly path: string }
  | { readonly kind: "umask"; readonly mask: number }
  /** The program's whole environment, which is otherwise empty. */
  | { readonly kind: "environment"; readonly variables: Readonly<Record<string, string>> }
  /** Writes STUB_READY to the report descriptor and waits there for STUB_RELEASE. */
  | { readonly kind: "ready" }
  /** Becomes the program; always the last instruction. `argv` includes the program's own name. */
  | { readonly kind: "execute"; readonly path: string; readonly argv: readonly string[] }
  /** A directory, new or already there but no link, with exactly this mode and owner. */
  | {
      readonly kind: "makeDirectory";
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** Moves a mount with all that is mounted below it. */
  | { readonly kind: "moveMount"; readonly source: string; readonly target: string }
  /** Enters the mount namespace of another process, given as its /proc/PID/ns/mnt. */
  | { readonly kind: "joinMounts"; readonly path: string }
  /** The report descriptor ends with the stub: the program does not get it. */
  | { readonly kind: "closeAtExecute" }
  /**
   * From here on a second process goes through the list and becomes the program. The first goes along as far as
   * `ready`, then collects what others leave and ends with the program, with its exit status or 128 + signal.
   */
  | { readonly kind: "forkInit" }
  /** As `bindMount`; where the kernel can, whoever has the first ids on the disk has the second ones here. */
  | {
      readonly kind: "bindMapped";
      readonly source: string;
      readonly target: string;
      readonly flags: readonly MountFlag[];
      readonly owner: { readonly uid: number; readonly gid: number };
      readonly uid: number;
      readonly gid: number;
    };

export type MountFlag = "ro" | "nosuid" | "nodev" | "noexec";

/** Number of each operation, the same as in the stub's source. */
export const STUB_OPERATIONS: Readonly<Record<StubInstruction["kind"], number>> = {
  privateMounts: 1,
  sealMounts: 2,
  bindMount: 3,
  ext4Image: 4,
  tmpfs: 5,
  remount: 6,
  unmount: 7,
  writeFile: 8,
  rlimit: 9,
  identity: 10,
  dropCapabilities: 11,
  noNewPrivileges: 12,
  closeFrom: 13,
  seccomp: 14,
  dieWithParent: 15,
  chdir: 16,
  umask: 17,
  environment: 18,
  ready: 19,
  execute: 20,
  makeDirectory: 21,
  moveMount: 22,
  joinMounts: 23,
  closeAtExecute: 24,
  forkInit: 25,
  bindMapped: 26,
};

/** What the stub writes when every wall stands, and the byte that lets it execute the program. */
export const STUB_READY = "ready\n";
export const STUB_RELEASE = "G";

/** Exit status after `failed INDEX ERRNO\n`: an instruction failed, or (ERRNO is EPROTO) the list was refused. */
export const STUB_FAILED_EXIT = 125;
/** Exit status when the stub was not released: end of file, or another byte. */
export const STUB_NOT_RELEASED_EXIT = 126;

/** The stub reads lists up to this size. */
export const MAX_STUB_LIST_BYTES = 2048 * 1024;
export const MAX_STUB_ARGUMENTS = 16_384;

/** Writes a list as the stub reads it; throws RangeError for what the stub would refuse. */
export function encodeStubInstructions(instructions: readonly StubInstruction[]): Buffer {
  const last = instructions.length - 1;
  if (last < 0 || instructions.findIndex(({ kind }) => kind === "execute") !== last) {
    throw refusal("the list", `"execute" must be the last instruction, and only that`);
  }
  const list = Buffer.concat([Buffer.from("PDK2"), u32(instructions.length), ...instructions.map(encode)]);
  if (list.length > MAX_STUB_LIST_BYTES) {
    throw refusal("the list", `${list.length} bytes are more than ${MAX_STUB_LIST_BYTES}`);
  }
  return list;
}

function encode(instruction: StubInstruction): Buffer {
  const values = argumentsOf(instruction);
  if (values.length > MAX_STUB_ARGUMENTS) {
    throw refusal(instruction.kind, `${values.length} arguments are more than ${MAX_STUB_ARGUMENTS}`);
  }
  const parts: Uint8Array[] = [
    Uint8Array.of(STUB_OPERATIONS[instruction.kind], values.length, values.length >>> 8),
  ];
  for (const value of values) {
    // A NUL would end the text early for the kernel: the path checked would not be the path used.
    if (typeof value === "string" && value.includes("\0")) {
      throw refusal(instruction.kind, "an argument contains a NUL character");
    }
    const bytes = Buffer.from(value);
    parts.push(u32(bytes.length), bytes, Uint8Array.of(0));
  }
  return Buffer.concat(parts);
}

function argumentsOf(instruction: StubInstruction): readonly (string | Uint8Array)[] {
  switch (instruction.kind) {
    case "privateMounts":
    case "sealMounts":
    case "dropCapabilities":
    case "noNewPrivileges":
    case "ready":
    case "closeAtExecute":
    case "forkInit":
      return [];
    case "bindMount":
      return [instruction.source, instruction.target, instruction.flags.join(",")];
    case "ext4Image":
      return [instruction.image, instruction.target, instruction.options];
    case "tmpfs":
      return [instruction.target, tmpfsOptions(instruction)];
    case "remount":
      return [instruction.target, instruction.flags.join(",")];
    case "unmount":
      return [instruction.target];
    case "writeFile":
      return [instruction.path, instruction.text];
    case "rlimit":
      return [
        whole(RLIMIT_RESOURCES[instruction.resource]),
        limit(instruction.soft),
        limit(instruction.hard),
      ];
    case "identity":
      return [id(instruction.uid), id(instruction.gid)];
    case "closeFrom":
      return [whole(instruction.descriptor, HIGHEST_INT)];
    case "seccomp":
      return [seccompProgram(instruction.program)];
    case "dieWithParent":
      return [whole(instruction.parentPid, HIGHEST_INT)];
    case "chdir":
    case "joinMounts":
      return [instruction.path];
    case "umask":
      return [octal(instruction.mask, 0o777)];
    case "environment":
      return Object.entries(instruction.variables).map(environmentEntry);
    case "execute":
      return [instruction.path, ...instruction.argv];
    case "makeDirectory":
      return [instruction.path, octal(instruction.mode, 0o777), id(instruction.uid), id(instruction.gid)];
    case "bindMapped":
      return [
        instruction.source,
        instruction.target,
        instruction.flags.join(","),
        ...[instruction.owner.uid, instruction.owner.gid, instruction.uid, instruction.gid].map(id),
      ];
    case "moveMount":
      return [instruction.source, instruction.target];
  }
}

function tmpfsOptions(tmpfs: Extract<StubInstruction, { kind: "tmpfs" }>): string {
  // The kernel takes 0 for "no limit": a quota of nothing must not become no quota.
  if (tmpfs.sizeBytes < 1 || tmpfs.inodes < 1) throw refusal("tmpfs", "size and inodes must be at least 1");
  const { sizeBytes, inodes, mode, uid, gid } = tmpfs;
  return `size=${whole(sizeBytes)},nr_inodes=${whole(inodes)},mode=${octal(mode, 0o1777)},uid=${id(uid)},gid=${id(gid)}`;
}

function environmentEntry([name, value]: readonly [string, string]): string {
  if (name === "" || name.includes("=")) throw refusal("environment", `"${name}" cannot name a variable`);
  return `${name}=${value}`;
}

function seccompProgram(program: Uint8Array): Uint8Array {
  if (program.length === 0 || program.length % 8 !== 0 || program.length > 8 * 4096) {
    throw refusal("seccomp", `${program.length} bytes are not 1 to 4096 filters of 8 bytes each`);
  }
  return program;
}
