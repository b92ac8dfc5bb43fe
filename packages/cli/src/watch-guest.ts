import type { GuestReport, Host, PluginInfo } from "@paddock/host";
import { type RunReport, toRunReport } from "./guest-report.js";

/** How often a guest is looked at; one that was ended is reported as it was seen last. */
const LOOK_MS = 100;

export interface GuestWatch {
  /** The walls and the latest usage. */
  report(): Promise<RunReport>;
  close(): void;
}

/** Starts the guest of a tenant and keeps what was seen of it, so that its end does not take it away. */
export async function watchGuest(host: Host, plugin: PluginInfo, tenant: string): Promise<GuestWatch> {
  await host.start(plugin.id, tenant);
  let seen: GuestReport | undefined;
  const look = async () => {
    const reports = await host.posture(plugin.id).catch(() => []);
    seen = reports.find((report) => report.tenant === tenant) ?? seen;
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return {
    report: async () => {
      await look();
      return toRunReport(plugin, tenant, seen);
    },
    close: () => clearInterval(timer),
  };
}
