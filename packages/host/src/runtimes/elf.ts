import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { PaddockError } from "@paddock/contract";

/** What an ELF file asks of the dynamic linker. Read, never executed: `ldd` would run the file. */
export interface ElfFile {
  readonly machine: ElfMachine;
  /** Path of the dynamic linker; `undefined` for libraries and static programs. */
  readonly interpreter: string | undefined;
  /** Name the library gives itself. */
  readonly soname: string | undefined;
  readonly needed: readonly string[];
  /** Search directories, `$ORIGIN` still in them. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

export type ElfMachine = "x86-64" | "arm64";

/** Bounds on what a hostile file may make us read. */
export const ELF_MAX_PROGRAM_HEADERS = 128;
export const ELF_MAX_DYNAMIC_BYTES = 64 * 1024;
export const ELF_MAX_STRING_BYTES = 4096;
export const ELF_MAX_NEEDED = 256;

const MACHINES: ReadonlyMap<number, ElfMachine> = new Map([
  [62, "x86-64"],
  [183, "arm64"],
]);
const SEGMENT = { load: 1, dynamic: 2, interpreter: 3 } as const;
const TAG = { end: 0, needed: 1, strings: 5, soname: 14, rpath: 15, runpath: 29 } as const;

/**
 * Reads the headers of a 64-bit little-endian ELF file (System V ABI, chapter 5). Rejects with SETUP_FAILED
 * when it is something else, is truncated or exceeds a bound.
 */
export async function readElf(path: string): Promise<ElfFile> {
  try {
    // Not blocking: a FIFO by this name would otherwise hold a thread of the host for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new Error("it is not a regular file");
      return await parse(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    const state = error instanceof Error ? error.message : String(error);
    throw new PaddockError("SETUP_FAILED", `Cannot read the program "${path}": ${state}.`, { cause: error });
  }
}

async function parse(file: FileHandle): Promise<ElfFile> {
  const header = await readExactly(file, 0, 64);
  if (header.readUInt32BE(0) !== 0x7f454c46) throw new Error("it is not an ELF file");
  if (header[4] !== 2 || header[5] !== 1) throw new Error("it is not a 64-bit little-endian ELF file");
  const machine = MACHINES.get(header.readUInt16LE(18));
  if (machine === undefined) throw new Error("it is for a processor that is not supported");
  const segments = await readSegments(file, header);
  const interpreter = segments.find((segment) => segment.type === SEGMENT.interpreter);
  const dynamic = segments.find((segment) => segment.type === SEGMENT.dynamic);
  return {
    machine,
    interpreter: interpreter && (await readString(file, interpreter.offset)),
    ...(await readDynamic(file, dynamic, segments)),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

async function readSegments(file: FileHandle, header: Buffer): Promise<readonly Segment[]> {
  const count = header.readUInt16LE(56);
  if (header.readUInt16LE(54) !== 56) throw new Error("its program headers have an unknown size");
  if (count > ELF_MAX_PROGRAM_HEADERS) throw new Error(`it has ${count} program headers`);
  const table = await readExactly(file, toNumber(header.readBigUInt64LE(32)), count * 56);
  return Array.from({ length: count }, (_, index) => {
    const at = index * 56;
    return {
      type: table.readUInt32LE(at),
      offset: toNumber(table.readBigUInt64LE(at + 8)),
      address: toNumber(table.readBigUInt64LE(at + 16)),
      bytes: toNumber(table.readBigUInt64LE(at + 32)),
    };
  });
}

async function readDynamic(file: FileHandle, dynamic: Segment | undefined, segments: readonly Segment[]) {
  const entries = dynamic === undefined ? [] : await readEntries(file, dynamic);
  const strings = entries.find(([tag]) => tag === TAG.strings)?.[1];
  const namesOf = async (wanted: number): Promise<readonly string[]> => {
    const names: string[] = [];
    for (const [tag, value] of entries) {
      if (tag !== wanted) continue;
      if (strings === undefined) throw new Error("it has no string table");
      if (names.length === ELF_MAX_NEEDED) throw new Error("it needs too many libraries");
      names.push(await readString(file, toOffset(strings + value, segments)));
    }
    return names;
  };
  return {
    soname: (await namesOf(TAG.soname))[0],
    needed: await namesOf(TAG.needed),
    rpath: splitPath(await namesOf(TAG.rpath)),
    runpath: splitPath(await namesOf(TAG.runpath)),
  };
}

async function readEntries(file: FileHandle, dynamic: Segment): Promise<readonly [number, number][]> {
  if (dynamic.bytes > ELF_MAX_DYNAMIC_BYTES) throw new Error("its dynamic section is too large");
  const table = await readExactly(file, dynamic.offset, dynamic.bytes);
  const entries: [number, number][] = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    // Tags of the processor and the system exceed 2^53 in no file that works; they are compared only.
    const tag = Number(table.readBigInt64LE(at));
    if (tag === TAG.end) break;
    entries.push([tag, Number(table.readBigUInt64LE(at + 8))]);
  }
  return entries;
}

function toOffset(address: number, segments: readonly Segment[]): number {
  const segment = segments.find(
    ({ type, address: start, bytes }) => type === SEGMENT.load && address >= start && address < start + bytes,
  );
  if (segment === undefined) throw new Error("an address of it lies in no segment");
  return segment.offset + (address - segment.address);
}

async function readString(file: FileHandle, offset: number): Promise<string> {
  const buffer = Buffer.alloc(ELF_MAX_STRING_BYTES);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, toNumber(BigInt(offset)));
  const end = buffer.subarray(0, bytesRead).indexOf(0);
  if (end === -1) throw new Error("a string of it does not end");
  return buffer.toString("utf8", 0, end);
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  if (bytesRead !== length) throw new Error("it is truncated");
  return buffer;
}

function toNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error("an offset of it is out of range");
  return Number(value);
}

function splitPath(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => path.split(":")).filter((path) => path !== "");
}
