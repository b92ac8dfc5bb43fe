import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, SetupStop } from "./setup-stop.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where the tests look when none is installed. */
const OWN = join(root, ".tools", "promtool");

/**
 * Prometheus' rule checker, taken out of the Debian package without installing it: the package would bring a service
 * and start it.
 */
export function ensurePromtool(say) {
  const directories = (process.env.PATH ?? "").split(":").filter((folder) => folder !== "");
  if (existsSync(OWN) || directories.some((folder) => existsSync(join(folder, "promtool")))) return;
  say("fetching promtool with apt-get");
  const folder = mkdtempSync(join(tmpdir(), "paddock-promtool-"));
  try {
    chmodSync(folder, 0o755);
    const file = download(folder);
    run("dpkg-deb", ["-x", file, "package"], folder);
    mkdirSync(dirname(OWN), { recursive: true });
    // Whole or not at all: another set-up may look at the same moment.
    copyFileSync(join(folder, "package/usr/bin/promtool"), `${OWN}.${process.pid}`);
    renameSync(`${OWN}.${process.pid}`, OWN);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function download(folder) {
  const fetch = () => spawnSync("apt-get", ["download", "prometheus"], { cwd: folder, encoding: "utf8" });
  // A small image has no package lists, and only root can get them.
  if (fetch().status !== 0 && process.getuid() === 0) spawnSync("apt-get", ["update"], { encoding: "utf8" });
  const found = () => readdirSync(folder).find((name) => name.endsWith(".deb"));
  const last = found() === undefined ? fetch() : undefined;
  const file = found();
  if (file !== undefined) return file;
  throw new SetupStop(
    EXIT.unavailable,
    `Cannot fetch promtool: ${last?.stderr?.trim() ?? "apt-get failed"}. Put promtool into the PATH, or run: sudo apt-get update`,
  );
}

function run(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new SetupStop(EXIT.unavailable, `${command} failed: ${error?.message ?? stderr}`);
}
