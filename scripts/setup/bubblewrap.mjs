import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { installWithApt } from "./apt.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** The same floor as the host's own; see packages/host/src/isolation/process/bubblewrap.ts. */
const OLDEST = [0, 6];

/** Where the host looks, in its order. */
const PATHS = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap"];

/** How each family of distributions installs it, by the ids of /etc/os-release. */
const INSTALL = [
  { ids: ["debian", "ubuntu"], command: "apt-get install -y bubblewrap" },
  { ids: ["fedora", "rhel", "centos"], command: "dnf install -y bubblewrap" },
  { ids: ["arch"], command: "pacman -S --needed --noconfirm bubblewrap" },
  { ids: ["alpine"], command: "apk add bubblewrap" },
  { ids: ["suse", "opensuse"], command: "zypper install -y bubblewrap" },
];

/** bubblewrap, present and new enough: installed by root through apt, asked for otherwise. */
export function ensureBubblewrap(say) {
  if (process.platform !== "linux") {
    throw new SetupStop(
      EXIT.unavailable,
      `Plugins cannot be isolated on ${process.platform}: the walls are the Linux kernel's. Run this in a Linux machine or container.`,
    );
  }
  const before = bubblewrapVersion();
  if (isNewEnough(before)) return;
  const command = installCommand(readOsRelease());
  if (process.getuid() !== 0 || !command.startsWith("apt-get")) {
    const prefix = process.getuid() === 0 ? "" : "sudo ";
    throw new SetupStop(
      EXIT.unavailable,
      `${describe(before)} Install it and run again: ${prefix}${command}`,
    );
  }
  installWithApt("bubblewrap", say);
  const after = bubblewrapVersion();
  if (!isNewEnough(after))
    throw new SetupStop(EXIT.unavailable, `${describe(after)} apt-get brought none that can be used.`);
}

/** The version as numbers, or nothing where there is none. */
function bubblewrapVersion() {
  for (const path of PATHS) {
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const found = /^bubblewrap (\d+)\.(\d+)/.exec(stdout ?? "");
    if (found) return [Number(found[1]), Number(found[2])];
  }
  return undefined;
}

function isNewEnough(version) {
  if (version === undefined) return false;
  return version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1]);
}

function describe(version) {
  return version === undefined
    ? "bubblewrap, which makes the namespaces, is missing."
    : `bubblewrap ${version.join(".")} is older than ${OLDEST.join(".")}.`;
}

function readOsRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/** For a distribution that is not on the list, Debian's: the words are the same, the reader will know. */
function installCommand(osRelease) {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((found) =>
    found[1].split(" "),
  );
  return (INSTALL.find((row) => row.ids.some((id) => ids.includes(id))) ?? INSTALL[0]).command;
}
