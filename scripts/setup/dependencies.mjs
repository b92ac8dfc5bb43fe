import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmCommand } from "./npm-command.mjs";
import { runStep } from "./run-child.mjs";
import { EXIT, SetupStop } from "./setup-stop.mjs";

/** Dependencies that are built into the run whatever the user's npm settings and NODE_ENV say. */
const CI = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];

/** What npm printed, and what that means. */
const CAUSES = [
  {
    pattern: /EACCES|EPERM|EROFS/,
    exit: EXIT.permission,
    advice: "This user may not write there. Give the clone and ~/.npm to the user who runs this.",
  },
  { pattern: /ENOSPC/, exit: EXIT.temporary, advice: "The disk is full. Make room and run again." },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/,
    exit: EXIT.temporary,
    advice: "The package registry cannot be reached. Check the network and run again.",
  },
];

/** `node_modules` as package-lock.json says; a stamp inside it tells which lockfile it was made from. */
export async function ensureDependencies(root, say) {
  const node = join(root, "node_modules/.bin/node");
  const stamp = join(root, "node_modules/.setup-stamp");
  const wanted = fingerprint(root);
  if (readText(stamp) === wanted && existsSync(node)) return;
  requireWritable(root);
  say("installing the dependencies (npm ci)");
  // Removed first: an npm that is killed half-way must not leave a stamp that still fits.
  rmSync(stamp, { force: true });
  await runNpmCi(root);
  if (!existsSync(node)) {
    throw new SetupStop(
      EXIT.unavailable,
      `There is no Node on npm for ${process.platform}-${process.arch}. Linux on x64 and arm64 are supported.`,
    );
  }
  writeFileSync(stamp, wanted);
}

function fingerprint(root) {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  return `${lock} ${process.platform}-${process.arch}\n`;
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function requireWritable(root) {
  for (const path of [root, join(root, "node_modules")]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      if (error.code === "ENOENT") continue;
      throw new SetupStop(
        EXIT.permission,
        `Cannot install the dependencies: no permission to write ${path}. Run as its owner, or clone again as this user.`,
      );
    }
  }
}

async function runNpmCi(root) {
  const { code, printed } = await runStep([...npmCommand(), ...CI], { cwd: root }).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    throw new SetupStop(EXIT.unavailable, "npm is missing. Install it (it comes with Node) and run again.");
  });
  if (code === 0) return;
  const cause = CAUSES.find((row) => row.pattern.test(printed));
  const lines = [printed.split("\n").slice(-12).join("\n"), cause?.advice];
  throw new SetupStop(
    cause?.exit ?? EXIT.software,
    `Cannot install the dependencies: npm ci failed.\n${lines.filter(Boolean).join("\n")}`,
  );
}
