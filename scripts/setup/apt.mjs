import { spawnSync } from "node:child_process";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** Installs a package of Debian's or Ubuntu's; only root can. */
export function installWithApt(name, say) {
  say(`installing ${name} with apt-get`);
  // An update that fails for one source of many may still have found the package: the install decides.
  const update = aptGet("update");
  const install = aptGet("install", "-y", "--no-install-recommends", name);
  if (install.status === 0) return;
  const why =
    install.error?.message ?? `${update.stderr}${install.stderr}`.trim().split("\n").slice(-8).join("\n");
  throw new SetupStop(EXIT.unavailable, `Cannot install ${name} with apt-get.\n${why}`);
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", args, { env, encoding: "utf8" });
}
