import { ROOT } from "../../architecture/repository.ts";
import { type Ran, runIn } from "../../packaging/run-in.ts";
import { NODE } from "./place.ts";

/** Runs a document's commands in the repository. `npx paddock` is the clone's own, with its state in `home`. */
export function runShell(commands: string, home: string): Promise<Ran> {
  const npx = `npx() { shift; "${NODE}" packages/cli/bin/paddock.js "$@" --home "${home}"; }`;
  return runIn(ROOT, ["bash", "-o", "pipefail", "-c", `${npx}\nnode() { "${NODE}" "$@"; }\n${commands}`]);
}
