import { detach, PaddockError, readOutgoing } from "@paddock/contract";
import { OUTGOING } from "../streams/outgoing-options.js";
import { OutputFile } from "../streams/output-file.js";
import { schemaView } from "../streams/schema-view.js";
import type { LoadedPlugin } from "../supervisor/plugin.js";

/**
 * Refuses an answer for another plugin that is more than JSON: bytes, streams and files do not travel between
 * plugins. What it holds is stopped and erased.
 */
export function assertPlain(answer: unknown, { manifest }: LoadedPlugin, action: string): void {
  if (!schemaView(answer).hasAttachments) return;
  detach(answer, (part) => {
    if (part instanceof OutputFile) void part.dispose().catch(() => undefined);
    else stop(part);
    return undefined;
  });
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot run "${action}" of "${manifest.id}" for another plugin: its answer is more than JSON.`,
    { hint: "Bytes, streams and files do not travel between plugins: let the action answer with JSON." },
  );
}

function stop(part: object): void {
  const value = readOutgoing(part, OUTGOING);
  if (value === undefined) return;
  const stopping = value.open().cancel();
  if (stopping instanceof Promise) stopping.catch(() => undefined);
}
