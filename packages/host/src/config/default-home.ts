import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What of the machine decides where state is kept. */
export interface Surroundings {
  readonly isRoot: boolean;
  readonly homeDirectory: string;
  /** The variable XDG_STATE_HOME. */
  readonly stateHome: string | undefined;
}

/** Where a host keeps its state unless told otherwise: the system's place for root, else the user's (XDG). */
export function defaultHome(surroundings: Surroundings = readSurroundings()): string {
  const { isRoot, homeDirectory, stateHome } = surroundings;
  if (isRoot) return "/var/lib/paddock";
  // The XDG specification says that a relative path in the variable must be ignored.
  const isUsable = stateHome !== undefined && isAbsolute(stateHome);
  return join(isUsable ? stateHome : join(homeDirectory, ".local/state"), "paddock");
}

function readSurroundings(): Surroundings {
  return {
    isRoot: process.getuid?.() === 0,
    homeDirectory: homedir(),
    stateHome: process.env.XDG_STATE_HOME,
  };
}
