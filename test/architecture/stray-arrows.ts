import { posix } from "node:path";
import { DOORS, FLOORS, SIBLINGS } from "./floors.ts";

/** One import statement: the file it stands in, and what stands after `from`. */
export interface Arrow {
  readonly file: string;
  readonly specifier: string;
}

/** Every import that goes up, sideways or through a wall, as `file -> file: why`. */
export function strayArrows(arrows: readonly Arrow[]): readonly string[] {
  return arrows.flatMap((arrow) => {
    const why = fault(arrow);
    return why === undefined ? [] : [`${arrow.file} -> ${target(arrow) ?? arrow.specifier}: ${why}`];
  });
}

function fault(arrow: Arrow): string | undefined {
  const from = placeOf(arrow.file);
  if (from === undefined) return "the file is in no room of the table";
  const to = target(arrow);
  if (to === undefined)
    return isOwnPackage(arrow.specifier) ? "only a package's doors may be imported" : undefined;
  const isRelative = arrow.specifier.startsWith(".");
  if (isRelative && packageOf(to) !== packageOf(arrow.file)) return "it reaches into another package";
  if (isRelative && posix.basename(to) === "index.ts") return "a door is used from outside only";
  const there = placeOf(to);
  if (there === undefined) return "its target is in no room of the table";
  if (there.room !== from.room && there.floor <= from.floor) return "it does not go to a lower floor";
  return areSiblings(arrow.file, to) ? "siblings under a port do not know each other" : undefined;
}

/** The source file an import leads to; nothing for packages of others and for what is no door. */
function target({ file, specifier }: Arrow): string | undefined {
  if (!specifier.startsWith(".")) return Object.hasOwn(DOORS, specifier) ? DOORS[specifier] : undefined;
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts");
}

function isOwnPackage(specifier: string): boolean {
  return specifier === "@paddock" || specifier.startsWith("@paddock/");
}

/** "packages/host" of "packages/host/src/index.ts". */
function packageOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function placeOf(path: string): { readonly room: string; readonly floor: number } | undefined {
  const rooms = FLOORS.flatMap(({ rooms }, floor) => rooms.map((room) => ({ room, floor })));
  const holding = rooms.filter(({ room }) => isInside(path, room));
  return holding.sort((a, b) => b.room.length - a.room.length)[0];
}

function areSiblings(file: string, other: string): boolean {
  return SIBLINGS.some((siblings) => {
    const [a, b] = [file, other].map((path) => siblings.find((sibling) => isInside(path, sibling)));
    return a !== undefined && b !== undefined && a !== b;
  });
}

function isInside(path: string, room: string): boolean {
  return room.endsWith("/") ? path.startsWith(room) : path === room;
}
