#!/usr/bin/env node
import { existsSync } from "node:fs";

const OLDEST = [22, 18];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const main = new URL("../dist/main.js", import.meta.url);

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  stop(
    `paddock needs Node ${OLDEST.join(".")} or later; this is ${process.version}.`,
    "Install a current Node.",
  );
} else if (existsSync(main)) {
  await import(main.href);
} else {
  stop("paddock is not built.", "Run: npm run build");
}

/** Exit status 69 is EX_UNAVAILABLE of sysexits.h. */
function stop(message, hint) {
  process.stderr.write(`error: ${message}\n  ${hint}\n`);
  process.exitCode = 69;
}
