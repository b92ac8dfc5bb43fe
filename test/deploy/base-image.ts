import { execFile, execFileSync } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Docker } from "./docker.ts";

export const BASE_IMAGE = "paddock-test/node:24";

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const run = promisify(execFile);

/**
 * What `node:24-bookworm-slim` is, made from Debian's packages, the repository's own Node and the npm of this
 * machine: the test needs no registry of images. It trusts the certificates that this machine trusts.
 */
export async function makeBaseImage(docker: Docker, root: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "paddock-base-"));
  try {
    await run("mmdebstrap", [
      "--variant=minbase",
      "--include=ca-certificates",
      "bookworm",
      join(directory, "root"),
    ]);
    const local = join(directory, "root/usr/local");
    await cp(join(root, `node_modules/node-linux-${process.arch}/bin/node`), join(local, "bin/node"));
    await mkdir(join(local, "lib/node_modules"), { recursive: true });
    await cp(npmDirectory(), join(local, "lib/node_modules/npm"), { recursive: true, dereference: true });
    execFileSync("ln", ["-s", "../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm")]);
    await copyFile(CERTIFICATES, join(directory, "root", CERTIFICATES));
    const files = await readdir(join(directory, "root"));
    await run("tar", ["-cf", join(directory, "root.tar"), "-C", join(directory, "root"), ...files]);
    const { code, output } = await docker.run([
      "import",
      "--change",
      `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
      join(directory, "root.tar"),
      BASE_IMAGE,
    ]);
    if (code !== 0) throw new Error(`Cannot import the base image:\n${output}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function npmDirectory(): string {
  const cli = process.env.npm_execpath ?? "";
  if (!cli.endsWith("npm-cli.js")) throw new Error("Run this with npm: npm run test:deploy");
  return dirname(dirname(cli));
}
