import { PaddockError } from "@paddock/contract";
import type { NotLoaded } from "@paddock/server";
import { formatError } from "./format-error.js";
import { type Stream, visible } from "./terminal.js";

/** Folders whose plugin could not be loaded, and why. */
export function formatNotLoaded(list: readonly NotLoaded[], stream: Stream): string {
  return list
    .map(({ folder, error: { code, message, hint } }) => {
      const mark = stream.colors.red("✗");
      return `${mark} ${visible(folder)} is not loaded:\n${formatError(new PaddockError(code, message, { hint }), stream)}`;
    })
    .join("");
}
