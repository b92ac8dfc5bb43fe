import { writeFolder } from "../bundle-folders/write-folder.js";

export interface WrittenPlugin {
  readonly id?: string;
  readonly version?: string;
  /** By name, in the manifest's own words: `{ idempotent: true, timeout: "1s" }`. */
  readonly actions: Readonly<Record<string, object>>;
  /** What else the manifest says: `{ permissions: … }`. */
  readonly more?: object;
  /** Source of the module; it may use `definePlugin` and `fail`. */
  readonly code: string;
}

/** A plugin in a folder, ready to be loaded: a manifest and one module. */
export function writePlugin(folder: string, plugin: WrittenPlugin): Promise<string> {
  const { id = "acme/probe", version = "1.0.0", actions, more = {}, code } = plugin;
  const manifest = {
    manifest: 1,
    id,
    version,
    title: "Probe",
    description: "A plugin of the tests.",
    publisher: { name: "Acme", contact: "security@acme.example" },
    engines: { paddock: ">=0.1" },
    runtime: { kind: "node", entry: "main.js" },
    actions,
    ...more,
  };
  return writeFolder(folder, {
    "plugin.json": JSON.stringify(manifest),
    "main.js": `import { definePlugin, fail } from "@paddock/sdk";\n${code}`,
  });
}
