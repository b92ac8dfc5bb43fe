import type { ProductPage } from "../shop.ts";
import { formatMs, summarize, timeEach } from "./latency.ts";
import { type OpenShop, RECOMMEND_TIMEOUT } from "./open-shop.ts";
import type { Page } from "./page.ts";
import { placeOrder } from "./price-an-order.ts";

const CALM_ORDERS = 200;

/** Part three: a plugin that loops for ever. True when every order meanwhile was answered and the loop was ended. */
export async function neverAnswer({ address, host }: OpenShop, page: Page): Promise<boolean> {
  page.part(
    3,
    "A plugin loops for ever",
    `mallory/recommend never answers. The operator gave it ${RECOMMEND_TIMEOUT} for a call; orders go on meanwhile.`,
  );
  await host.start("mallory/recommend");
  const calm = summarize(
    await timeEach(
      () => placeOrder(address),
      (done) => done < CALM_ORDERS,
    ),
  );
  let looped: ProductPage | undefined;
  const startedAt = performance.now();
  const looping = openProductPage(address).then((answer) => {
    looped = answer;
  });
  const busy = summarize(
    await timeEach(
      () => placeOrder(address),
      () => looped === undefined,
    ),
  );
  await looping;
  const tookMs = performance.now() - startedAt;
  page.fact(
    "orders before the loop",
    `p50 ${formatMs(calm.p50Ms)}  p99 ${formatMs(calm.p99Ms)}  (${calm.count} orders)`,
  );
  page.fact(
    "orders during the loop",
    `p50 ${formatMs(busy.p50Ms)}  p99 ${formatMs(busy.p99Ms)}  (${busy.count} orders)`,
  );
  page.fact("the loop was ended after", formatMs(tookMs));
  const problem = looped?.problem;
  if (problem === undefined) {
    page.say(page.bad("The plugin answered, although it cannot."));
    return false;
  }
  page.line("");
  page.say(`${page.good(problem.code)}: ${problem.message}`);
  if (problem.hint !== undefined) page.say(page.dim(problem.hint));
  return problem.code === "TIMEOUT" && busy.count > 0;
}

async function openProductPage(address: string): Promise<ProductPage> {
  const response = await fetch(`${address}/products/tea`);
  // Safe: the shop's own answer.
  return (await response.json()) as ProductPage;
}
