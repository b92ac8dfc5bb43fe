import type { GuestReport, Host, PluginInfo } from "@paddock/host";
import { type RunReport, toRunReport } from "./guest-report.js";

/** How often a guest is looked at; one that was ended is reported as it was seen last. */
const LOOK_MS = 50;

export interface GuestPlace {
  /** The plugin's folder, to load it again from. */
  readonly folder: string;
  readonly tenant: string;
  /** True where every call gets a guest of its own (preset high-security). */
  readonly isFreshPerCall: boolean;
}

export interface GuestWatch {
  /** The walls and the latest usage. */
  report(): Promise<RunReport>;
  close(): void;
}

/** Starts the guest of a tenant and keeps what was seen of it, so that its end does not take it away. */
export async function watchGuest(host: Host, plugin: PluginInfo, place: GuestPlace): Promise<GuestWatch> {
  let seen: GuestReport | undefined;
  const look = async () => {
    const reports = await host.posture(plugin.id).catch(() => []);
    seen = reports.find(({ tenant }) => tenant === place.tenant) ?? seen;
  };
  await host.start(plugin.id, place.tenant);
  await look();
  if (place.isFreshPerCall && seen !== undefined) seen = await giveWay(host, plugin, place, seen);
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return {
    report: async () => {
      await look();
      return toRunReport(plugin, place.tenant, seen);
    },
    close: () => clearInterval(timer),
  };
}

/** The call's own guest needs the data of this one, whose walls are the same; its usage is not the call's. */
async function giveWay(
  host: Host,
  plugin: PluginInfo,
  { folder }: GuestPlace,
  seen: GuestReport,
): Promise<GuestReport> {
  await host.unload(plugin.id);
  await host.load(folder);
  return { ...seen, usage: UNKNOWN_USAGE };
}

const UNKNOWN_USAGE: GuestReport["usage"] = {
  memoryBytes: undefined,
  memoryPeakBytes: undefined,
  cpuMs: undefined,
  dataBytes: undefined,
  scratchBytes: undefined,
  threads: undefined,
  files: undefined,
  ioReadBytes: undefined,
  ioWriteBytes: undefined,
  processes: undefined,
};
