import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Limits, PaddockError } from "@paddock/contract";
import type { GuestProcess, Isolation, LaunchSpec } from "../../isolation/isolation.js";
import type { NodeRuntime } from "../../runtimes/node.js";
import type { LoadedPlugin } from "../../supervisor/plugin.js";

/** What looking at a plugin's files may use, whatever the plugin itself may. */
const OWN_LIMITS = {
  memoryBytes: 256 * 1024 ** 2,
  cpuCores: 1,
  cpuTimeMs: 600_000,
  startTimeoutMs: 30_000,
  scratchBytes: 1024 ** 2,
  processes: 1,
  threads: 16,
  files: 64,
  logLinesPerSecond: 10,
  concurrency: 1,
} as const satisfies Partial<Limits>;

export interface DataRooms {
  readonly isolation: Isolation;
  readonly node: NodeRuntime;
}

/** Starts the program that looks at the files of a plugin and tenant, as the user who owns them. */
export async function launchDataGuest(
  { isolation, node }: DataRooms,
  plugin: LoadedPlugin,
  tenant: string,
  signal: AbortSignal,
): Promise<GuestProcess> {
  const tool = await node.tool([]);
  const script = await findScript();
  const target = `/paddock/data-guest.${script.endsWith(".ts") ? "mts" : "mjs"}`;
  const spec: LaunchSpec = {
    label: `data-${plugin.manifest.id.replace("/", ".")}`,
    owner: { plugin: plugin.manifest.id, tenant },
    program: tool.program,
    args: ["--max-old-space-size=128", "--v8-pool-size=1", target],
    env: {},
    workingDirectory: "/",
    executables: tool.executables,
    inputs: [{ source: script, target }],
    // What a plugin locked or buried cannot be measured, and is what has to be looked at, or cleared.
    data: { ...plugin.dataDirectory(tenant), isWatched: false },
    dataAliases: [],
    // Disk and inodes stay the plugin's: its volume is made to these measures.
    limits: { ...plugin.limits, ...OWN_LIMITS },
    baseline: tool.baseline,
    onLog: () => undefined,
  };
  return isolation.launch(spec, signal);
}

/** Beside this file: built, or from the sources. */
async function findScript(): Promise<string> {
  for (const name of ["data-guest.js", "data-guest.ts"]) {
    const path = fileURLToPath(new URL(name, import.meta.url));
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new PaddockError(
    "SETUP_FAILED",
    "Cannot look at a plugin's files: a part of @paddock/host is missing.",
    {
      hint: "Install @paddock/host again.",
    },
  );
}
