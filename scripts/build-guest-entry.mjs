// Bundles the TypeScript SDK's guest entry to one file without imports: sdks/typescript/dist/guest-entry.js,
// or the file named as first argument; and puts the Python SDK into the host's package, which starts it.
import { cp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const { output } = await build({
  input: path("sdks/typescript/src/guest/guest-entry.ts"),
  platform: "node",
  tsconfig: false,
  resolve: {
    alias: { "@paddock/contract": path("packages/contract/src/index.ts") },
    extensionAlias: { ".js": [".ts", ".js"] },
  },
  // The contract's door also leads to the manifest and zod; only what is used comes along.
  treeshake: { moduleSideEffects: (id) => id.endsWith("guest-entry.ts") },
  output: { file: process.argv[2] ?? path("sdks/typescript/dist/guest-entry.js"), format: "iife" },
  logLevel: "warn",
});

const [chunk, ...rest] = output;
if (rest.length > 0 || chunk.imports.length > 0 || chunk.exports.length > 0) {
  throw new Error(
    `The guest entry is not one file: it imports ${chunk.imports.join(", ") || "a second chunk"}`,
  );
}

if (process.argv[2] === undefined) {
  await writeFile(path("sdks/typescript/dist/guest-body.js"), toBody(chunk.code));
  const target = path("packages/host/dist/python");
  await rm(target, { recursive: true, force: true });
  await cp(path("sdks/python/paddock"), `${target}/paddock`, {
    recursive: true,
    filter: (file) => !file.endsWith("__pycache__"),
  });
}

/**
 * The entry as a function, which the host keeps compiled: a script has no `import` of its own, so it is given one. In
 * ASCII, which takes half the memory and no decoding.
 */
function toBody(code) {
  const [before, after, ...more] = code.trim().split("import(");
  const whole = `${before}importModule(${after}`;
  if (
    more.length > 0 ||
    after === undefined ||
    !whole.startsWith("(function() {") ||
    !whole.endsWith("})();")
  ) {
    throw new Error("The guest entry is not a function that imports in one place.");
  }
  return whole
    .replace("(function() {", "(function(importModule) {")
    .slice(0, -"();".length)
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
