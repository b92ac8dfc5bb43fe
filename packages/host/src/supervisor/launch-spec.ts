import type { LaunchSpec } from "../isolation/isolation.js";
import type { GuestLog } from "./guest-log.js";
import type { LoadedPlugin } from "./plugin.js";

/** What the isolation is asked to start for one plugin and tenant. */
export function launchSpec(
  plugin: LoadedPlugin,
  tenant: string,
  inboxDirectory: string,
  onLog: (log: GuestLog) => void,
): LaunchSpec {
  const { program, manifest } = plugin;
  return {
    label: manifest.id.replace("/", "."),
    owner: { plugin: manifest.id, tenant },
    program: program.program,
    args: program.args,
    env: program.env,
    workingDirectory: program.workingDirectory,
    executables: program.executables,
    inputs: program.inputs,
    ...(program.stdio === undefined ? {} : { stdio: program.stdio }),
    inbox: { source: inboxDirectory },
    hasOutbox: true,
    data: plugin.dataDirectory(tenant),
    dataAliases: program.dataAliases,
    limits: plugin.limits,
    baseline: program.baseline,
    verify: plugin.assertUnchanged,
    onLog: (line) =>
      onLog({
        plugin: manifest.id,
        tenant,
        level: line.stream === "stderr" ? "warn" : "info",
        source: line.stream,
        message: line.text,
        fields: {},
        dropped: line.dropped,
      }),
  };
}
