import { detach } from "./detach.js";
import { placeAt, type Rooted } from "./pointer.js";
import { type OutgoingOptions, readOutgoing } from "./streams/outgoing-value.js";

/** Nothing is opened here, so nothing is encoded. */
const UNOPENED: OutgoingOptions = { encodeText: () => new Uint8Array(0), checkItem: () => undefined };

/**
 * What would arrive of a value on the other side of a wall, for those who stand in for one: JSON, `undefined` as null,
 * and bytes and streams as they are. `replace` may put another object in a part's place, which is left as it is too.
 * Throws as JSON.stringify does, or DetachError.
 */
export function copyValue(value: unknown, replace?: (part: object) => object | undefined): unknown {
  const detachment = detach(
    value,
    (part) => replace?.(part) ?? (readOutgoing(part, UNOPENED) === undefined ? undefined : part),
  );
  const text = JSON.stringify(detachment === undefined ? value : detachment.json) ?? "null";
  const rooted: Rooted = { root: JSON.parse(text) };
  for (const { at, value: part } of detachment?.detached ?? []) placeAt(rooted, at, part);
  return rooted.root;
}
