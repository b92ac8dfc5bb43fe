import { parseManifest } from "@paddock/contract";
import type { StoredCode } from "../../packages/host/src/runtimes/runtime.js";

/** Code as the store hands it to a runtime, for tests of runtimes. */
export function storedCode(
  code: Pick<StoredCode, "directory" | "entry" | "memoryBytes">,
  runtime: object = { kind: "node", entry: "main.mjs" },
): StoredCode {
  const manifest = parseManifest(
    { manifest: 1, id: "acme/tested", version: "1.0.0", runtime, actions: { run: {} } },
    "plugin.yaml",
  );
  return { ...code, manifest };
}
