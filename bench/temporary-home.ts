import { rmSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryHome {
  readonly path: string;
  close(): void;
}

/** A home for a host; gone afterwards, also when the process ends before. */
export async function createTemporaryHome(): Promise<TemporaryHome> {
  const path = await mkdtemp(join(tmpdir(), "paddock-bench-"));
  // Searchable by the plugins' own users, which a host that is root gives them.
  await chmod(path, 0o711);
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    close: () => {
      process.off("exit", remove);
      remove();
    },
  };
}
