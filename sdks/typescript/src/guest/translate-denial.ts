import { PermissionError, pathLine } from "../permission-error.js";

/** What Node's own permission model (`--permission`) calls things, in the words of the manifest. */
const CAPABILITIES: ReadonlyMap<unknown, readonly [capability: string, doing: string]> = new Map([
  ["FileSystemRead", ["fs.read", "read"]],
  ["FileSystemWrite", ["fs.write", "write"]],
  ["ChildProcess", ["process.spawn", "start"]],
  ["WorkerThreads", ["worker.spawn", "start a worker"]],
  ["Net", ["net.connect", "connect to"]],
]);

/** A PermissionError in place of Node's ERR_ACCESS_DENIED; any other value as it is. */
export function translateDenial(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "ERR_ACCESS_DENIED") return thrown;
  const { permission, resource } = thrown as { readonly permission?: unknown; readonly resource?: unknown };
  // Newer versions of Node refuse more than this knows, some of it without a name.
  const [capability, doing] = CAPABILITIES.get(permission) ?? ["", `do that (EACCES, ${thrown.message})`];
  const file = typeof resource === "string" && resource !== "" ? resource : undefined;
  const subject = file === undefined ? "" : ` ${JSON.stringify(file)}`;
  const line =
    file === undefined || !capability.startsWith("fs.") ? {} : { manifestLine: pathLine(capability, file) };
  const options = { code: "EACCES", ...line };
  const error = new PermissionError(capability, `Cannot ${doing}${subject}: not permitted.`, options);
  return Object.assign(error, { stack: thrown.stack ?? "" });
}
