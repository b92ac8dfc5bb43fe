import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { createHost, type Host, type HostOptions } from "@paddock/host";
import { createTemporaryHome } from "../temporary-home.ts";
import type { Contender } from "./contender.ts";

export const ECHO_PLUGIN = "bench/echo";

export const ECHO_FOLDER = fileURLToPath(new URL("../plugins/echo", import.meta.url));

/** A host that has loaded the echo plugin, every wall on. */
export interface EchoHost {
  readonly host: Host;
  close(): Promise<void>;
}

/** Ours, called as an application calls it. */
export async function startPaddock(): Promise<Contender> {
  const { host, close } = await createEchoHost();
  return {
    name: "paddock",
    call: (payload) => host.call(ECHO_PLUGIN, "echo", payload),
    close,
  };
}

/**
 * The production preset. Only the share of the processors is raised to all of them: its default, half of one,
 * would measure that quota, which the peers do not have.
 */
export async function createEchoHost(options: HostOptions = {}): Promise<EchoHost> {
  const home = await createTemporaryHome();
  try {
    const host = await createHost({ limits: { cpu: availableParallelism() }, ...options, home: home.path });
    const close = async () => {
      await host.close();
      home.close();
    };
    await host.load(ECHO_FOLDER).catch(async (error: unknown) => {
      await close();
      throw error;
    });
    return { host, close };
  } catch (error) {
    home.close();
    throw error;
  }
}
