import { PermissionError } from "../../permission-error.js";

/** Doors of `process` that lead out of JavaScript; no capability opens them. */
const DOORS = ["binding", "_linkedBinding", "dlopen", "execve", "_debugProcess", "_debugEnd"] as const;

export function guardProcess(isGranted: (capability: string) => boolean): void {
  for (const door of DOORS) replace(door, () => refuse(`process.${door}()`));
  if (isGranted("process.spawn")) return;
  const { kill, pid } = process;
  replace("kill", (target: number, signal?: string | number) => {
    if (target !== pid) refuse("process.kill() of other processes");
    return kill.call(process, target, signal);
  });
}

function replace(name: string, value: unknown): void {
  // Some are not there in every version of Node, and some are accessors.
  if (name in process) Object.defineProperty(process, name, { value, configurable: true, writable: true });
}

function refuse(what: string): never {
  throw new PermissionError("", `Cannot use ${what} in a plugin: no capability allows it.`);
}
