import type { Attack, Bait, Seen } from "./attack.js";
import {
  baitFile,
  baitPath,
  baitPort,
  baitService,
  baitVariable,
  loot,
  onlyEndsWith,
  takenBytes,
} from "./baits.js";

const MB = 1024 ** 2;
const ROOM = 8 * MB;
const MEMORY = 4_096 * MB;
const FILES = 1_000;
const THREADS = 8;
const INTERPRETER_THREADS = 16;
const LINES_PER_SECOND = 100;
/** What a watch that looks every 50 ms may overrun by, where the kernel holds no quota. */
const SAMPLING_BYTES = 64 * MB;

/** What `paddock doctor --attack` tries, in this order. The guards inside the language are off for all. */
export const ATTACKS: readonly Attack[] = [
  { name: "reads-etc-passwd", tries: "reads files of the host", lay: baitFile },
  { name: "reads-host-environment", tries: "reads the host's environment", lay: baitVariable },
  { name: "escapes-by-symlink", tries: "leaves its data folder by a link", lay: baitFile },
  { name: "opens-a-socket", tries: "listens for the network", lay: baitPort },
  { name: "connects-to-loopback", tries: "connects to a service of the host", lay: baitService },
  { name: "starts-a-shell", tries: "starts a shell", lay: baitPath },
  { name: "fork-bomb", tries: "starts itself 200 times", lay: async () => ({ payload: {}, damage: loot }) },
  {
    name: "executes-dropped-binary",
    tries: "runs a program that it has written",
    lay: async () => ({
      payload: {},
      damage: async ({ logs }) => logs.find(({ message }) => message.startsWith("LOOT"))?.message.slice(5),
      stoppedBy: ({ logs }) => {
        const said = logs.map(({ message }) => message).join("\n");
        const errors = /failed to map segment|(?<=process\.execve failed with error code )E[A-Z]+/g;
        return [...new Set(said.match(errors))].join(", ");
      },
    }),
  },
  {
    name: "fills-memory",
    tries: "takes 4 GB of memory",
    limits: { memory: "96MB" },
    lay: async () => ({
      payload: { bytes: MEMORY },
      damage: async ({ answer }) => (Number(answer.bytes ?? 0) >= MEMORY ? "it has 4 GB" : undefined),
    }),
  },
  {
    name: "fills-tmp",
    tries: "fills /tmp with data and with files",
    limits: { scratch: `${ROOM}B`, inodes: FILES },
    lay: () => layFill(async ({ usage }) => usage?.scratchBytes ?? 0, 0),
  },
  {
    name: "fills-data",
    tries: "fills /data with data and with files",
    limits: { disk: `${ROOM}B`, inodes: FILES },
    lay: ({ data }) => layFill(() => takenBytes(data), SAMPLING_BYTES),
  },
  {
    name: "many-threads",
    tries: "starts 200 threads",
    // Room for threads, so that it is their number that stops them.
    limits: { threads: THREADS, memory: "16GB" },
    lay: async () => ({
      payload: { threads: 200 },
      // What the interpreter was allowed for itself and does not use, a plugin may.
      damage: async ({ answer }) =>
        Number(answer.running ?? 0) > THREADS + INTERPRETER_THREADS
          ? `it has ${answer.running} threads`
          : undefined,
    }),
  },
  {
    name: "spins-forever",
    tries: "never returns",
    limits: { timeout: "1s" },
    lay: onlyEndsWith("TIMEOUT"),
  },
  {
    name: "floods-stderr",
    tries: "floods the log",
    limits: { logRate: `${LINES_PER_SECOND}/s` },
    lay: async () => ({
      payload: {},
      damage: async ({ logs, elapsedMs }) =>
        logs.length > LINES_PER_SECOND * (elapsedMs / 1_000 + 2)
          ? `${logs.length} lines came through`
          : undefined,
      stoppedBy: ({ logs }) => `log rate: ${logs.length} lines came through, the rest was dropped`,
    }),
  },
  { name: "speaks-garbage", tries: "breaks the protocol", lay: onlyEndsWith("PROTOCOL_VIOLATION") },
];

/** Writes far more than there is room for; `taken` is what the host finds taken. */
async function layFill(taken: (seen: Seen) => Promise<number>, toleranceBytes: number): Promise<Bait> {
  return {
    payload: { bytes: ROOM * 8, files: FILES * 8 },
    damage: async (seen) => {
      const bytes = Math.max(await taken(seen), Number(seen.answer.written ?? 0));
      if (bytes > ROOM * 1.25 + toleranceBytes) return `it took ${Math.round(bytes / MB)} MB`;
      return Number(seen.answer.made ?? 0) >= FILES * 8 ? "it made every file" : undefined;
    },
  };
}
