import { existsSync } from "node:fs";
import { installWithApt } from "./apt.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** What `npm run test:deploy` needs besides: a container engine, and makers of what it is given. */
const TOOLS = [
  ["/usr/sbin/dockerd", "docker.io"],
  ["/usr/bin/mmdebstrap", "mmdebstrap"],
  ["/usr/sbin/apparmor_parser", "apparmor"],
  ["/usr/bin/systemd-analyze", "systemd"],
];

export function ensureDeployTools(say) {
  if (process.getuid() !== 0) {
    throw new SetupStop(
      EXIT.unavailable,
      "the deployment tests start a dockerd of their own: run them as root.",
    );
  }
  for (const [path, name] of TOOLS) if (!existsSync(path)) installWithApt(name, say);
}
