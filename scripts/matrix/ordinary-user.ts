import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../run-tool.ts";

/** Somebody without privileges, and what belongs to them for as long as the tests run. */
export interface OrdinaryUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** A copy of this repository. */
  readonly directory: string;
  /** Put before a command, runs it as this user. */
  readonly command: readonly string[];
}

/** Numbers that Debian gives to people; 65534 stands for "nobody" and for ids that a namespace does not map. */
const FIRST_PERSON = 1_000;
const NOBODY = 65_534;

/** Called by root. Gives `work` a user of this machine with a copy of the tree, and removes the copy after it. */
export async function withOrdinaryUser<T>(work: (user: OrdinaryUser) => Promise<T>): Promise<T> {
  const { uid, gid } = await pickUser();
  const base = await mkdtemp(join(tmpdir(), "ordinary-user-"));
  try {
    await chmod(base, 0o755);
    const [home, directory] = [join(base, "home"), join(base, "repository")];
    await mkdir(home);
    await mkdir(directory);
    await run(["cp", "-a", "--reflink=auto", `${process.cwd()}/.`, directory]);
    await run(["chown", "-R", `${uid}:${gid}`, base]);
    const command = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
    return await work({ uid, gid, home, directory, command });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** The first person of this machine; where there is none, the account that Unix keeps for daemons. */
async function pickUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  const all = lines
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const person = all.find(({ uid }) => uid >= FIRST_PERSON && uid < NOBODY);
  const { uid, gid } = person ?? all.find(({ name }) => name === "daemon") ?? { uid: 1, gid: 1 };
  return { uid, gid };
}

async function run(command: readonly string[]): Promise<void> {
  const exitCode = await runTool(command);
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}`);
}
