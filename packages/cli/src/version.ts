import { readFileSync } from "node:fs";

/** The version of this command, and of the packages it came with. */
export function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String(JSON.parse(text).version);
}
