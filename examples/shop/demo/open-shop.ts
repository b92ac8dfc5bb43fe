import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host } from "@paddock/host";
import { createShop } from "../shop.ts";

/** The open shop: its host, and how to reach it. */
export interface OpenShop extends AsyncDisposable {
  readonly host: Host;
  /** Address of the shop on the loopback interface. */
  readonly address: string;
}

/** How long a recommendation may take before its guest is ended. */
export const RECOMMEND_TIMEOUT = "2s";

/** The plugins of the shop, and what each may use at most. */
const PLUGINS = ["loyalty", "recommend"] as const;

export async function openShop(): Promise<OpenShop> {
  const home = await makeHome();
  const host = await createHost({
    home,
    plugins: { "mallory/recommend": { limits: { timeout: RECOMMEND_TIMEOUT } } },
  });
  for (const name of PLUGINS) await host.load(pluginFolder(name));
  // No order waits for the first start; one that fails is shown by the first order.
  await host.start("acme/loyalty").catch(() => undefined);
  const shop = createShop(host);
  const address = await shop.listen({ host: "127.0.0.1", port: 0 });
  return {
    host,
    address,
    async [Symbol.asyncDispose]() {
      await shop.close();
      await host.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export function pluginFolder(name: string): string {
  return join(import.meta.dirname, "../plugins", name);
}

/** A home of the demo's own, so that nothing of it stays; the plugins' users must be able to search it. */
export async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "paddock-demo-"));
  await chmod(home, 0o711);
  return home;
}
