import { guardFiles } from "./files.js";
import { FORBIDDEN_MODULES, refuseModule } from "./forbidden-modules.js";
import { guardBuiltins } from "./modules.js";
import { guardNetworkGlobals, guardNetworkModule, NETWORK_MODULES } from "./network.js";
import { guardProcess } from "./process-access.js";

/** Effective permissions: what is granted is not guarded. */
export type Permissions = Readonly<Record<string, unknown>>;

/**
 * Good error messages before the kernel's terse ones, and depth; never the wall. A builtin module is only
 * touched when the plugin asks for it, so a plugin that computes pays nothing.
 */
export function applyGuards(permissions: Permissions, entry: string): void {
  const isGranted = (capability: string) => Object.hasOwn(permissions, capability);
  const guards = new Map<string, () => void>();
  for (const [name, capability] of FORBIDDEN_MODULES) {
    if (!isGranted(capability)) guards.set(name, () => refuseModule(name, capability));
  }
  for (const name of NETWORK_MODULES) guards.set(name, () => guardNetworkModule(name, isGranted));
  for (const name of ["fs", "fs/promises"]) guards.set(name, () => guardFiles(permissions, entry));
  guardBuiltins(guards);
  guardNetworkGlobals(isGranted);
  guardProcess(isGranted);
}
