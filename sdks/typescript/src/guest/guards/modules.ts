import { getBuiltinModule } from "./builtin.js";

const nodeModule = getBuiltinModule("node:module");

/**
 * Runs the guard of a builtin module when the plugin first imports, requires or otherwise gets it. A guard
 * that throws refuses the module, every time.
 */
export function guardBuiltins(guards: ReadonlyMap<string, () => void>): void {
  const passed = new Set<string>();
  const check = (specifier: string): void => {
    const name = specifier.startsWith("node:") ? specifier.slice("node:".length) : specifier;
    const guard = passed.has(name) ? undefined : guards.get(name);
    if (guard === undefined) return;
    guard();
    passed.add(name);
    nodeModule.syncBuiltinESMExports();
  };
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      check(specifier);
      return nextResolve(specifier, context);
    },
  });
  const guarded = (name: string): object | undefined => {
    check(name);
    return getBuiltinModule(name);
  };
  // The overloads of the original name every module; this one passes on whatever it returned.
  process.getBuiltinModule = guarded as typeof getBuiltinModule;
}
