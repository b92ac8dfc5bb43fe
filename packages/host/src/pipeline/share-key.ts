import type { LoadedPlugin } from "../supervisor/plugin.js";

/** Calls with the same key may meet in one guest. Neither part can contain the separator. */
export function shareKeyOf({ settings }: LoadedPlugin, tenant: string, caller: string | undefined): string {
  switch (settings.share) {
    case "plugin":
      return "";
    case "tenant":
    case "call":
      return tenant;
    case "caller":
      return `${tenant}\n${caller ?? ""}`;
  }
}
