import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryHome {
  readonly path: string;
  remove(): Promise<void>;
}

/** A home for a host, and a place for plugin folders; the plugins' own users may pass through it. */
export async function makeTemporaryHome(): Promise<TemporaryHome> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "paddock-home-")));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
