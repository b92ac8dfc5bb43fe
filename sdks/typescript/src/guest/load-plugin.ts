import { isPlugin, type Plugin } from "../define-plugin.js";

const { pathToFileURL } = process.getBuiltinModule("node:url");

/** Runs the plugin's code and returns its default export. Rejects with what it threw. */
export async function loadPlugin(entry: string): Promise<Plugin> {
  const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(entry).href);
  // A CommonJS entry with `exports.default` arrives as the default of a default.
  for (const found of [module.default, (module.default as Record<string, unknown> | undefined)?.default]) {
    if (isPlugin(found)) return found;
  }
  throw new Error(
    'its entry has no plugin as its default export. Write "export default definePlugin({ actions: { … } })"',
  );
}
