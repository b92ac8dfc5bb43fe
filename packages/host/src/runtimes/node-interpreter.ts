import { realpath } from "node:fs/promises";
import { isSea } from "node:sea";
import { PaddockError } from "@paddock/contract";

/** The oldest Node that runs guests: the first LTS with type stripping and a stable permission model. */
export const NODE_MINIMUM = { major: 22, minor: 18 } as const;

const FIX = 'Set interpreter.node in the configuration to a Node of 22.18 or later, e.g. "/usr/bin/node".';

/**
 * Real path of the interpreter that runs guests: the operator's choice, else the one that runs the host.
 * Never the plugin's. Rejects with SETUP_FAILED when there is none.
 */
export async function findNode(path: string | undefined): Promise<string> {
  if (path === undefined) assertHostIsNode();
  const chosen = path ?? process.execPath;
  try {
    return await realpath(chosen);
  } catch (cause) {
    throw new PaddockError("SETUP_FAILED", `Cannot run plugins with "${chosen}": no such file.`, {
      hint: FIX,
      cause,
    });
  }
}

/** Throws SETUP_FAILED for a version like "v20.9.0". */
export function assertSupportedNode(path: string, version: string): void {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const isNew =
    Number(major) > NODE_MINIMUM.major ||
    (Number(major) === NODE_MINIMUM.major && Number(minor) >= NODE_MINIMUM.minor);
  if (isNew) return;
  throw new PaddockError(
    "SETUP_FAILED",
    `Cannot run plugins with "${path}": it is Node ${version.slice(0, 32)}, and 22.18 is the oldest that works.`,
    { hint: FIX },
  );
}

/** Programs that contain Node cannot be started as Node. */
function assertHostIsNode(): void {
  const { electron, bun, deno } = process.versions;
  const other =
    (electron !== undefined && "Electron") ||
    (bun !== undefined && "Bun") ||
    (deno !== undefined && "Deno") ||
    (isSea() && "a single-executable application");
  if (!other) return;
  throw new PaddockError("SETUP_FAILED", `Cannot run plugins with "${process.execPath}": it is ${other}.`, {
    hint: FIX,
  });
}
