import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const BARE_GUEST = fileURLToPath(new URL("./guests/bare-guest.mjs", import.meta.url));

const BUBBLEWRAP = [
  "/usr/bin/bwrap",
  "/usr/local/bin/bwrap",
  "/bin/bwrap",
  "/run/current-system/sw/bin/bwrap",
];

/** The same namespaces as a guest's. */
const NAMESPACES = ["user", "pid", "net", "ipc", "uts", "cgroup"].map((name) => `--unshare-${name}`);

/** Node behind bubblewrap's namespaces, talking on descriptor 3. None of our walls: no quota, filter, limit or check. */
export function spawnBare(): ChildProcess {
  const node = realpathSync(process.execPath);
  const args = [
    ...NAMESPACES,
    ...["--uid", "1000", "--gid", "1000", "--die-with-parent", "--new-session", "--as-pid-1"],
    ...["/usr", "/lib", "/lib64", "/nix"].filter((path) => existsSync(path)).flatMap(bindAsIs),
    ...["--dev", "/dev", "--proc", "/proc"],
    ...["--ro-bind", node, "/node", "--ro-bind", BARE_GUEST, "/guest.mjs"],
    ...["--chdir", "/", "/node", "/guest.mjs"],
  ];
  return spawn(findBubblewrap(), args, { env: {}, stdio: ["ignore", "ignore", "inherit", "pipe"] });
}

function bindAsIs(path: string): readonly string[] {
  return ["--ro-bind", path, path];
}

export function findBubblewrap(): string {
  const found = BUBBLEWRAP.find((path) => existsSync(path));
  if (found === undefined) throw new Error("bubblewrap is missing; npm run bench installs it, or says how.");
  return found;
}
