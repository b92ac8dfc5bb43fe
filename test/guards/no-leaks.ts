import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { emptyGroups } from "./empty-groups.ts";
import { ownMounts } from "./own-mounts.ts";
import { strayProcesses } from "./stray-processes.ts";

/** Long, because another run's killed host may be waiting for its next start to clean up; short when all is well. */
const GONE_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/**
 * Around the whole run: when it is over, nothing that the tests started or made is left. Other runs may
 * live on the same machine, so only what is new and nobody else's counts.
 */
export function setup(): () => Promise<void> {
  const before = new Set([...ownMounts(), ...emptyGroups()]);
  const restoreTemporary = useOwnTemporaryDirectory();
  const startedAt = Date.now();
  return async () => {
    const directory = tmpdir();
    const find = () => [
      ...strayProcesses(startedAt),
      ...[...ownMounts(), ...emptyGroups()].filter((found) => !before.has(found)),
      ...leftFolders(directory),
    ];
    const leaks = await waitUntilEmpty(find);
    restoreTemporary();
    if (leaks.length > 0) throw new Error(`The tests left behind:\n${leaks.join("\n")}`);
  };
}

/** The workers inherit it, so that what they leave is theirs for certain. */
function useOwnTemporaryDirectory(): () => void {
  const outer = process.env.TMPDIR;
  const own = mkdtempSync(join(tmpdir(), "tests-"));
  // As /tmp is: plugins and ordinary users of the tests have other uids.
  chmodSync(own, 0o1777);
  process.env.TMPDIR = own;
  return () => {
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    rmSync(own, { recursive: true, force: true });
  };
}

function leftFolders(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith("paddock-"));
  return names.map((name) => `temporary folder ${name}`);
}

async function waitUntilEmpty(find: () => readonly string[]): Promise<readonly string[]> {
  const until = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const found = find();
    if (found.length === 0 || Date.now() > until) return found;
    await sleep(LOOK_AGAIN_MS);
  }
}
