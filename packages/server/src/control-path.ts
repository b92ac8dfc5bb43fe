import { join } from "node:path";

/** Where a host with this home has its control socket. */
export function controlPath(home: string): string {
  return join(home, "control", "paddock.sock");
}
