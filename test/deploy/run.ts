/**
 * Builds the container image of `deploy/` and attacks it: `npm run test:deploy`. Starts a dockerd on a socket
 * of its own and ends it; nothing of the machine's engine, if it has one, is touched.
 */
import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closingLine, FAILED, PASSED, sumCounts } from "../../scripts/counts.ts";
import { runStages, type Stage } from "../../scripts/stages.ts";
import { BASE_IMAGE, makeBaseImage } from "./base-image.ts";
import { type Docker, type Ran, startDocker } from "./docker.ts";
import { checkFiles } from "./files.ts";
import { OPTIONS, without } from "./options.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const IMAGE = "paddock-test/paddock";
const NAME = "paddock-test";

const directory = await mkdtemp(join(tmpdir(), "paddock-docker-"));
const docker = await startDocker(directory);
process.once("SIGINT", () => void docker.close().then(() => process.exit(130)));
try {
  const counts = sumCounts(await runStages(stages(docker)));
  console.log(closingLine(counts));
  process.exitCode = counts.failed + counts.skipped > 0 ? 1 : 0;
} finally {
  await docker.close();
}

function stages(engine: Docker): readonly Stage[] {
  const inside = (args: readonly string[], options = OPTIONS) =>
    engine.run(["run", "--rm", "--network", "none", ...options, IMAGE, ...args]);
  return [
    ...checkFiles(ROOT),
    stage("base image", async () => makeBaseImage(engine, ROOT)),
    stage("image", async () => expect(await build(engine), 0, /Successfully built/)),
    stage("its user is not root", async () =>
      expect(await engine.run(["image", "inspect", "--format", "{{.Config.User}}", IMAGE]), 0, /^paddock\n/),
    ),
    stage("doctor finds every wall", async () => expect(await inside(["doctor"]), 0, /bubblewrap/)),
    stage("every attack fails", async () =>
      expect(await inside(["doctor", "--attack"]), 0, /All \d+ attacks were refused/),
    ),
    stage("a plugin is served and called", () => serveAndCall(engine)),
    stage("without the seccomp profile it refuses and says why", async () =>
      expect(await inside(["doctor", "--attack"], without("seccomp")), 71, /seccomp/),
    ),
    stage("with masked system paths it refuses and says why", async () =>
      expect(await inside(["doctor", "--attack"], without("systempaths")), 71, /systempaths=unconfined/),
    ),
  ];
}

/** Every file that git knows or would, so that what is not committed yet is tested too. */
async function build(engine: Docker): Promise<Ran> {
  const list = spawn("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const tar = spawn("tar", ["--create", "--null", "--files-from=-", "--ignore-failed-read"], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "ignore"],
  });
  list.stdout.pipe(tar.stdin);
  const options = ["--network", "host", "--build-arg", `NODE_IMAGE=${BASE_IMAGE}`];
  return engine.run(["build", ...options, "--file", "deploy/Dockerfile", "--tag", IMAGE, "-"], tar.stdout);
}

/** The host as it is meant to run: in the background, spoken to from another process of the same user. */
async function serveAndCall(engine: Docker): Promise<void> {
  const plugins = join(ROOT, "examples/licences");
  const mount = ["--volume", `${plugins}:/plugins/licences:ro`];
  const serve = ["serve", "--home", "/var/lib/paddock", "--load", "/plugins/licences"];
  expect(
    await engine.run([
      "run",
      "--detach",
      "--name",
      NAME,
      "--network",
      "none",
      ...OPTIONS,
      ...mount,
      IMAGE,
      ...serve,
    ]),
    0,
    /^[0-9a-f]{64}/,
  );
  try {
    const ps = () => engine.run(["exec", NAME, "paddock", "ps", "--home", "/var/lib/paddock"]);
    const until = performance.now() + 60_000;
    let found = await ps();
    while (found.code !== 0 && performance.now() < until) found = await ps();
    expect(found, 0, /paddock-examples\/licences/);
    const call = [
      "call",
      "--home",
      "/var/lib/paddock",
      "paddock-examples/licences",
      "report",
      '{"packages":{}}',
    ];
    expect(await engine.run(["exec", NAME, "paddock", ...call]), 0, /licences/);
  } finally {
    await engine.run(["rm", "--force", "--volumes", NAME]);
  }
}

function stage(name: string, run: () => Promise<void>): Stage {
  return {
    name,
    run: async () => {
      try {
        await run();
        return PASSED;
      } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        return FAILED;
      }
    },
  };
}

function expect({ code, output }: Ran, wanted: number, pattern: RegExp): void {
  if (code === wanted && pattern.test(output)) return;
  throw new Error(`exit code ${code}, expected ${wanted} and ${pattern}:\n${output.slice(-4_000)}`);
}
