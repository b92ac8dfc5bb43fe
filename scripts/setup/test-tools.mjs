import { existsSync } from "node:fs";
import { join } from "node:path";
import { installWithApt } from "./apt.mjs";
import { ensurePromtool } from "./promtool.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** Programs that tests run, with the Debian package of each; a small image may lack some. */
const TOOLS = [
  ["python3", "python3"],
  ["perl", "perl-base"],
  ["cc", "gcc"],
  // A part of what the C library's headers depend on, and the only program of it.
  ["gencat", "libc6-dev"],
  ["mke2fs", "e2fsprogs"],
  ["losetup", "mount"],
  ["setpriv", "util-linux"],
  ["script", "bsdutils"],
];

/** An ordinary user's PATH leaves out where the last two are. */
const DIRECTORIES = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];

export function ensureTestTools(say) {
  ensurePromtool(say);
  const missing = TOOLS.filter(([tool]) => !DIRECTORIES.some((folder) => existsSync(join(folder, tool))));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (process.getuid() === 0) {
    for (const name of packages) installWithApt(name, say);
    return;
  }
  throw new SetupStop(
    EXIT.unavailable,
    `the tests need ${missing.map(([tool]) => tool).join(", ")}. Install and run again: sudo apt-get install -y ${packages.join(" ")}`,
  );
}
