import { existsSync } from "node:fs";
import { installWithApt } from "./apt.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** Runs programs for arm64 on any machine; only the matrix needs it. */
const EMULATOR = "/usr/bin/qemu-aarch64-static";

export function ensureEmulator(say) {
  if (existsSync(EMULATOR)) return;
  if (process.getuid() === 0) return installWithApt("qemu-user-static", say);
  throw new SetupStop(
    EXIT.unavailable,
    `${EMULATOR} is missing. Install it and run again: sudo apt-get install -y qemu-user-static`,
  );
}
