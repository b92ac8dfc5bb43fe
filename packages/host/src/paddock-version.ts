import { readFileSync } from "node:fs";

/** The version of this package, as it was published. */
export function readPaddockVersion(): string {
  // The file of our own package: it is there, and has a version.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
