import { isPaddockError } from "@paddock/host";
import { askDiscount } from "../ask-discount.ts";
import { type Order, priceDiscount } from "../plugins/loyalty/src/price-discount.ts";
import type { Receipt } from "../shop.ts";
import { formatMs, summarize, timeEach } from "./latency.ts";
import type { OpenShop } from "./open-shop.ts";
import type { Page } from "./page.ts";

const WARM_UP_CALLS = 200;
const CALLS = 500;
/** So many calls of the bare function at a time: one alone is shorter than a clock can tell. */
const BATCH = 100;

const ORDER: Order = {
  customer: "Ada",
  lines: [
    { product: "tea", quantity: 2, cents: 1_250 },
    { product: "pot", quantity: 1, cents: 4_900 },
    { product: "cup", quantity: 4, cents: 990 },
  ],
};

/** Part one: somebody else's plugin does useful work. What it may not do is shown, and costs no order. */
export async function priceAnOrder({ host, address }: OpenShop, page: Page): Promise<void> {
  page.part(
    1,
    "A plugin prices an order",
    "acme/loyalty runs in a process of its own, behind every wall, and answers typed calls.",
  );
  const receipt = await placeOrder(address);
  page.fact("order", formatCents(receipt.totalCents));
  page.fact("discount", formatCents(receipt.discountCents));
  page.fact("to pay", page.strong(formatCents(receipt.dueCents)));
  page.say(page.dim(receipt.note));
  page.line("");
  try {
    await askDiscount(host, ORDER);
  } catch (error) {
    if (!isPaddockError(error)) throw error;
    page.say(page.bad(`${error.code}: ${error.message}`));
    if (error.hint !== undefined) page.say(error.hint);
    return;
  }
  await compareLatency(host, page);
}

export async function placeOrder(address: string): Promise<Receipt> {
  const lines = ORDER.lines.map(({ product, quantity }) => ({ product, quantity }));
  const response = await fetch(`${address}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ customer: ORDER.customer, lines }),
  });
  if (!response.ok) throw new Error(`The shop answered ${response.status} to an order.`);
  // Safe: the shop's own answer.
  return (await response.json()) as Receipt;
}

async function compareLatency(host: OpenShop["host"], page: Page): Promise<void> {
  const call = () => askDiscount(host, ORDER);
  await timeEach(call, (done) => done < WARM_UP_CALLS);
  const walled = summarize(await timeEach(call, (done) => done < CALLS));
  const runBatch = () => {
    // Kept, or the compiler would see that nobody needs the results and compute none.
    let cents = 0;
    for (let percent = 0; percent < BATCH; percent += 1) cents += priceDiscount(ORDER, percent).cents;
    return cents;
  };
  const plain = summarize(await timeEach(runBatch, (done) => done < CALLS));
  page.fact(
    "a call in Paddock",
    `p50 ${formatMs(walled.p50Ms)}  p99 ${formatMs(walled.p99Ms)}  (${CALLS} calls)`,
  );
  page.fact(
    "the function in plain Node",
    `p50 ${formatMs(plain.p50Ms / BATCH)}  with nothing between it and you`,
  );
}

function formatCents(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`.padStart(10);
}
