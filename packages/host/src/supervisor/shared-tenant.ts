import type { LoadedPlugin } from "./plugin.js";

/** Whose files a guest sees that all tenants share. No tenant of an application can be called so. */
export const SHARED_TENANT = "_shared";

/** Whose a guest is that serves this tenant. */
export function guestTenant({ settings }: LoadedPlugin, tenant: string): string {
  return settings.share === "plugin" ? SHARED_TENANT : tenant;
}
