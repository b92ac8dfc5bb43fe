import { PermissionError } from "../permission-error.js";

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
  const [capability, doing] = CAPABILITIES.get(permission) ?? ["", `use ${String(permission)}`];
  const subject = typeof resource === "string" && resource !== "" ? ` ${JSON.stringify(resource)}` : "";
  const path =
    capability.startsWith("fs.") && subject !== "" ? { manifestLine: lineFor(capability, subject) } : {};
  const error = new PermissionError(capability, `Cannot ${doing}${subject}: not permitted.`, {
    code: "EACCES",
    ...path,
  });
  return Object.assign(error, { stack: thrown.stack ?? "" });
}

function lineFor(capability: string, subject: string): string {
  return `- { use: ${capability}, paths: [${subject.trim()}] }`;
}
