/** What the interpreter itself needs of the memory limit: a started, idle Node has about 40 MB resident. */
export const NODE_OWN_BYTES = 40 * 1024 ** 2;
/** Below this V8 spends its time collecting. */
export const NODE_MIN_HEAP_MB = 16;
/** V8's own default for the half of the young generation. */
export const NODE_MAX_SEMI_SPACE_MB = 16;

const MB = 1024 ** 2;

/**
 * Flags of the guest's interpreter. They are depth and good messages, never walls: a program may start itself
 * again without them. Each is free at start (others change V8's flag hash and cost 6–12 ms) and known to Node
 * 22.18 and later.
 */
export function nodeFlags(memoryBytes: number, guards: boolean): readonly string[] {
  return [...frugality(memoryBytes), ...(guards ? GUARDS : [])];
}

/** Heap sizes below the memory limit, so that overflow is usually V8's readable error, and fewer threads. */
function frugality(memoryBytes: number): readonly string[] {
  const heap = Math.max(NODE_MIN_HEAP_MB, Math.floor((memoryBytes - NODE_OWN_BYTES) / MB));
  const semiSpace = Math.min(NODE_MAX_SEMI_SPACE_MB, Math.max(1, Math.floor(memoryBytes / MB / 16)));
  return [
    `--max-old-space-size=${heap}`,
    `--max-semi-space-size=${semiSpace}`,
    "--v8-pool-size=1",
    // Its guard regions are address space that RLIMIT_DATA would count.
    "--disable-wasm-trap-handler",
  ];
}

/** No `--allow-worker`: it warns at every start, and workers are a capability of their own. */
const GUARDS: readonly string[] = [
  "--no-addons",
  "--disable-proto=delete",
  "--disable-sigusr1",
  "--permission",
  ...["/plugin", "/paddock", "/data", "/tmp", "/inbox", "/outbox"].map((path) => `--allow-fs-read=${path}`),
  ...["/plugin/data", "/data", "/tmp", "/outbox"].map((path) => `--allow-fs-write=${path}`),
];
