import { PermissionError } from "../../permission-error.js";

/** Builtin modules that are no use inside the walls, and the capability that would make them so. */
export const FORBIDDEN_MODULES: ReadonlyMap<string, string> = new Map([
  ["child_process", "process.spawn"],
  ["cluster", "process.spawn"],
  ["worker_threads", "worker.spawn"],
  ["inspector", ""],
  ["inspector/promises", ""],
  ["repl", ""],
  ["test", ""],
  ["test/reporters", ""],
  ["trace_events", ""],
  ["wasi", ""],
]);

export function refuseModule(name: string, capability: string): never {
  const why = capability === "" ? "no capability allows it" : "it needs a permission";
  throw new PermissionError(capability, `Cannot import "node:${name}" in a plugin: ${why}.`);
}
