import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { installWithApt } from "../../scripts/setup/apt.mjs";

/** Programs of the system's that @anthropic-ai/sandbox-runtime starts; the package has the name of the program or this one. */
const NEEDS = [
  { program: "socat", package: "socat" },
  { program: "rg", package: "ripgrep" },
];

/** Installs, as root, what sandbox-runtime needs and says so. Gives the reason why it cannot take part, if it cannot. */
export function prepareSandboxRuntime(): string | undefined {
  const missing = NEEDS.filter(({ program }) => !isOnPath(program)).map((need) => need.package);
  if (missing.length === 0) return undefined;
  const command = `apt-get install -y ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) return `it needs ${missing.join(" and ")}: sudo ${command}`;
  try {
    for (const name of missing)
      installWithApt(name, (line: string) => process.stderr.write(`bench: ${line}\n`));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
