import { join } from "node:path";
import { type Limits, presetLimits } from "../../../packages/contract/src/index.js";
import type { GuestLogLine, LaunchSpec } from "../../../packages/host/src/isolation/isolation.js";
import { createNodeRuntime } from "../../../packages/host/src/runtimes/node.js";

export interface NodeSpecOptions {
  readonly home: string;
  /** What the guest runs, as CommonJS. */
  readonly code: string;
  readonly limits?: Partial<Limits>;
  readonly tenant?: string;
  readonly hasData?: boolean;
  readonly onLog?: (line: GuestLogLine) => void;
}

/** A launch of a bare Node that runs a few lines: for tests of the walls without SDK and supervisor. */
export async function nodeSpec(options: NodeSpecOptions): Promise<LaunchSpec> {
  const { home, code, limits = {}, tenant = "main", hasData = false, onLog = () => undefined } = options;
  const { program, executables, baseline } = await createNodeRuntime({
    cacheDirectory: join(home, "cache"),
  }).tool([]);
  return {
    label: "acme.probe",
    owner: { plugin: "acme/probe", tenant },
    program,
    args: ["-e", code],
    env: {},
    workingDirectory: "/",
    executables,
    inputs: [],
    data: hasData ? { source: join(home, "data", `acme-probe-${tenant}`) } : undefined,
    dataAliases: [],
    limits: { ...presetLimits("production"), ...limits },
    baseline,
    onLog,
  };
}
