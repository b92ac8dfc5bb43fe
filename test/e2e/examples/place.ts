import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../architecture/repository.ts";

/** The Node that the repository brings: examples use what it knows, whatever runs the tests. */
export const NODE = join(ROOT, "node_modules/.bin/node");

/** A folder of a test's own, in which the repository's packages can be imported. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  /** For the state of hosts: plugins' users may search it. */
  readonly home: string;
}

export async function createPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "paddock-examples-"));
  await chmod(folder, 0o711);
  const home = join(folder, "home");
  await mkdir(home, { mode: 0o711 });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    home,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
