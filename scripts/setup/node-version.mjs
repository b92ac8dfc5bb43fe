import { EXIT, SetupStop } from "./setup-stop.mjs";

/** The oldest Node that can install and build; everything after that runs on the Node from npm. */
const OLDEST_MAJOR = 20;

export function requireNode(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new SetupStop(
    EXIT.unavailable,
    `Cannot run on Node ${version}: ${OLDEST_MAJOR} or newer is needed. Install a newer Node and run again.`,
  );
}
