import type { HostOptions } from "@paddock/host";
import { createEchoHost, ECHO_FOLDER, ECHO_PLUGIN } from "../contenders/paddock.ts";
import { PAYLOAD } from "../payload.ts";
import type { Starter } from "./starter.ts";

/** Each call has a guest of its own. */
export function createStandbyStarter(): Promise<Starter> {
  return createStarter({ defaults: { share: "call", instances: { standby: 1 } } });
}

/** The calls of a tenant share a guest, and this is the first one. */
export function createSharedStandbyStarter(): Promise<Starter> {
  return createStarter({ defaults: { share: "tenant", instances: { standby: 1 } } });
}

/** Every wall is required, each call has a guest of its own, and the limits are those of the preset. */
export function createHighSecurityStandbyStarter(): Promise<Starter> {
  return createStarter({ preset: "high-security", limits: {}, defaults: { instances: { standby: 1 } } });
}

/** A host with a guest that was started and checked, and that nobody has used. */
async function createStarter(options: HostOptions): Promise<Starter> {
  const { host, close } = await createEchoHost(options);
  return {
    start: async () => {
      // A fresh load, so that no guest but the standby is there.
      await host.unload(ECHO_PLUGIN);
      const events = host.events({ plugin: ECHO_PLUGIN });
      await host.load(ECHO_FOLDER);
      for await (const event of events) if (event.kind === "guest-started" && event.isStandby) break;
      const startedAt = performance.now();
      await host.call(ECHO_PLUGIN, "echo", PAYLOAD);
      return performance.now() - startedAt;
    },
    close,
  };
}
