import { createEchoHost, ECHO_FOLDER, ECHO_PLUGIN } from "../contenders/paddock.ts";
import { PAYLOAD } from "../payload.ts";
import type { Starter } from "./starter.ts";

/** A running host that has loaded the plugin and served its tenant before; no guest is there. */
export function createStarterWithCgroups(): Promise<Starter> {
  return createPaddockStarter({ hasCgroups: true, nextTenant: () => "known" });
}

export function createStarterWithoutCgroups(): Promise<Starter> {
  return createPaddockStarter({ hasCgroups: false, nextTenant: () => "known" });
}

/** A tenant's very first call, for which the host also makes the place of the plugin's files. */
export function createNewTenantStarter(): Promise<Starter> {
  let tenants = 0;
  return createPaddockStarter({ hasCgroups: undefined, nextTenant: () => `new-${++tenants}` });
}

interface PaddockStarterOptions {
  /** Whether control groups must be there or must not; either will do when undefined. */
  readonly hasCgroups: boolean | undefined;
  readonly nextTenant: () => string;
}

async function createPaddockStarter({ hasCgroups, nextTenant }: PaddockStarterOptions): Promise<Starter> {
  const { host, close } = await createEchoHost();
  const mechanisms = await host.diagnose();
  const found = mechanisms.some(({ name, present }) => name === "memory-cgroup" && present);
  if (hasCgroups !== undefined && found !== hasCgroups) {
    await close();
    throw new Error(
      found ? "only root can hide the control groups" : "this user may not make control groups",
    );
  }
  return {
    start: async () => {
      const startedAt = performance.now();
      await host.call(ECHO_PLUGIN, "echo", PAYLOAD, { tenant: nextTenant() });
      const ms = performance.now() - startedAt;
      // The one way to end a guest: what comes with loading is not part of a start.
      await host.unload(ECHO_PLUGIN);
      await host.load(ECHO_FOLDER);
      return ms;
    },
    close,
  };
}
