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
  // What it makes something of is not walked: bytes are an object with a property for each of them.
  detach(answer, (part) => {
    if (!(part instanceof OutputFile)) return stopped(part);
    void part.dispose().catch(() => undefined);
    return part;
  });
  throw new PaddockError(
    "USAGE_INVALID",
    `Cannot run "${action}" of "${manifest.id}" for another plugin: its answer is more than JSON.`,
    { hint: "Bytes, streams and files do not travel between plugins: let the action answer with JSON." },
  );
}

function stopped(part: object): object | undefined {
  const value = readOutgoing(part, OUTGOING);
  if (value === undefined) return undefined;
  const stopping = value.open().cancel();
  if (stopping instanceof Promise) stopping.catch(() => undefined);
  return value;
}
