import type { Host } from "@paddock/host";
import type { Discount, Order } from "./plugins/loyalty/src/price-discount.ts";

/** How long an order waits for its discount, milliseconds. */
const DISCOUNT_TIMEOUT_MS = 3_000;

/** The loyalty plugin's word on an order. The host has checked it against the schema in the plugin's manifest. */
export async function askDiscount(host: Host, order: Order): Promise<Discount> {
  const answer = await host.call("acme/loyalty", "discount", order, { timeoutMs: DISCOUNT_TIMEOUT_MS });
  // Safe: an answer that does not fit the manifest's schema, which says just this, is an error of the call.
  return answer as Discount;
}
