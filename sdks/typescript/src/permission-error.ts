const BRAND = Symbol.for("paddock.permission-error");

/** The plugin tried something that it may not do; the message ends with what to add to the manifest. */
export class PermissionError extends Error {
  override readonly name = "PermissionError";
  /** A code of the host's table, or `EACCES` and the like where code expects one of the system's. */
  readonly code: string;
  /** The capability that would allow it; empty where none does. */
  readonly capability: string;

  constructor(capability: string, sentence: string, options: PermissionErrorOptions = {}) {
    super(
      capability === "" ? sentence : `${sentence} ${advise(options.manifestLine ?? lineFor(capability))}`,
    );
    this.code = options.code ?? "CAPABILITY_NOT_DECLARED";
    this.capability = capability;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

export interface PermissionErrorOptions {
  readonly code?: string;
  /** The entry of `permissions.required` that would allow it. */
  readonly manifestLine?: string;
}

/** True for permission errors of any copy of this package, where `instanceof` would say no. */
export function isPermissionError(error: unknown): error is PermissionError {
  return error instanceof Error && BRAND in error;
}

function advise(line: string): string {
  return `Add "${line}" under permissions.required.`;
}

/** An entry with parameters to start from, for capabilities that need some. */
function lineFor(capability: string): string {
  const parameters = EXAMPLES.get(capability) ?? REASON;
  return `- { use: ${capability}, ${parameters} }`;
}

/** What every capability but the automatic ones needs in the manifest. */
const REASON = 'reason: "…"';

const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ["storage.kv", "max: 5MB"],
  ["net.fetch", `hosts: ["api.example.com:443"], methods: [GET], ${REASON}`],
  ["net.connect", `targets: ["tcp://db.example.com:5432"], ${REASON}`],
  ["net.resolve", `names: ["api.example.com"], ${REASON}`],
  ["process.spawn", `programs: ["/usr/bin/program"], ${REASON}`],
  ["worker.spawn", `max: 2, ${REASON}`],
]);

/** The entry for one path of `fs.read` or `fs.write`. */
export function pathLine(capability: string, path: string): string {
  return `- { use: ${capability}, paths: [${JSON.stringify(path)}], ${REASON} }`;
}
