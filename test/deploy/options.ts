import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SECCOMP = fileURLToPath(new URL("../../deploy/seccomp.json", import.meta.url));

/** How deploy/README.md says to run the image; AppArmor where the machine has it. */
export const OPTIONS: readonly string[] = [
  "--read-only",
  ...["--cap-drop", "ALL"],
  ...["--security-opt", "no-new-privileges"],
  ...["--security-opt", `seccomp=${SECCOMP}`],
  ...["--security-opt", "systempaths=unconfined"],
  ...(existsSync("/sys/module/apparmor/parameters/enabled") ? ["--security-opt", "apparmor=paddock"] : []),
  ...["--tmpfs", "/tmp:size=64m,mode=1777"],
];

/** The options without one of the security options. */
export function without(name: string): readonly string[] {
  const at = OPTIONS.findIndex((option) => option.startsWith(`${name}=`));
  return OPTIONS.filter((_, index) => index !== at && index !== at - 1);
}
