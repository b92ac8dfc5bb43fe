import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** A container engine of our own: its socket, its state and its process, and nothing of the machine's. */
export interface Docker {
  /** Runs `docker` against it; the input, when there is one, comes from a stream. */
  run(args: readonly string[], input?: NodeJS.ReadableStream): Promise<Ran>;
  close(): Promise<void>;
}

const START_MS = 30_000;
const END_MS = 20_000;

/** Starts a dockerd without bridge and firewall rules. Rejects with what it printed when it does not start. */
export async function startDocker(directory: string): Promise<Docker> {
  await mkdir(directory, { recursive: true });
  const socket = `unix://${join(directory, "docker.sock")}`;
  const daemon = spawn(
    "dockerd",
    [
      ...["--host", socket, "--data-root", join(directory, "data"), "--exec-root", join(directory, "exec")],
      ...["--pidfile", join(directory, "dockerd.pid"), "--iptables=false", "--bridge=none"],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const log = collect(daemon.stderr);
  const run: Docker["run"] = (args, input) => runCommand(["docker", "--host", socket, ...args], input);
  const close = async () => {
    await end(daemon);
    await endContainerd(directory);
    // The daemon leaves the network namespace of "--network none" mounted.
    await runCommand(["umount", join(directory, "exec/netns/default")]);
    await rm(directory, { recursive: true, force: true });
  };
  const until = performance.now() + START_MS;
  while ((await run(["version"])).code !== 0) {
    if (daemon.exitCode === null && performance.now() < until) continue;
    await close();
    throw new Error(`dockerd did not start:\n${log()}`);
  }
  return { run, close };
}

export async function runCommand(
  [program = "", ...args]: readonly string[],
  input?: NodeJS.ReadableStream,
): Promise<Ran> {
  const child = spawn(program, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  if (input !== undefined && child.stdin !== null) input.pipe(child.stdin);
  const texts = [collect(child.stdout), collect(child.stderr)];
  const [code]: (number | null)[] = await once(child, "close");
  return { code: code ?? 128, output: texts.map((text) => text()).join("") };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (chunk) => {
    text += String(chunk);
  });
  return () => text;
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, "exit");
  daemon.kill("SIGTERM");
  const force = setTimeout(() => daemon.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(force);
}

/** dockerd ends the containerd that it started; one that a killed dockerd left is known by its pid file. */
async function endContainerd(directory: string): Promise<void> {
  try {
    process.kill(Number(await readFile(join(directory, "exec/containerd/containerd.pid"), "utf8")));
  } catch {
    // It has ended, as it should.
  }
}
