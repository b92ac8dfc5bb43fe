import { formatFound, PaddockError } from "@paddock/contract";
import { readSafely } from "./read-safely.js";

/** The folder of a plugin as a caller gave it. Throws USAGE_INVALID for what cannot be one. */
export function readFolder(folder: unknown): string {
  if (typeof folder === "string" && folder !== "" && !folder.includes("\0")) return folder;
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot load ${formatFound(folder)}: it is not a path of a folder.`,
    {
      hint: 'host.load("./plugins/loyalty")',
    },
  );
}

/** Whether a caller forces it; anything but true is no. Throws USAGE_INVALID for what cannot be read. */
export function readForce(options: unknown): boolean {
  if (typeof options !== "object" || options === null) return false;
  return readSafely("options", () => Reflect.get(options, "force")) === true;
}
