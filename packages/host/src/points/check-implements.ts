import { type Manifest, PaddockError } from "@paddock/contract";
import { isPoint, type Point } from "./point.js";
import { lacksAction } from "./point-errors.js";

/** The points that an application told its host about. Throws USAGE_INVALID where they are none or contradict. */
export function readPoints(points: readonly Point[] = []): ReadonlyMap<string, Point> {
  const byName = new Map<string, Point>();
  if (!Array.isArray(points)) throw wrong("it is not a list");
  for (const point of points) {
    if (!isPoint(point)) throw wrong("not all of them were made by definePoint()");
    const known = byName.get(point.name);
    if (known !== undefined && known !== point) throw wrong(`there are two points "${point.name}"`);
    byName.set(point.name, point);
  }
  return byName;
}

/** Throws PLUGIN_MISMATCH for a plugin that says it implements one of the points and lacks its action. */
export function checkImplements(
  { id, implements: names, actions }: Pick<Manifest, "id" | "implements" | "actions">,
  points: ReadonlyMap<string, Point>,
): void {
  for (const name of names) {
    const point = points.get(name);
    if (point !== undefined && !Object.hasOwn(actions, point.action)) throw lacksAction(id, point);
  }
}

function wrong(state: string): PaddockError {
  return new PaddockError("USAGE_INVALID", `The option "points" cannot be used: ${state}.`, {
    hint: 'It is a list of what definePoint("shop.discount@1", …) returned.',
  });
}
