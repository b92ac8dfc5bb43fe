/**
 * `npm run demo`: a small shop with plugins that it does not trust. Everything it shows is done while you watch.
 * `--details` prints what each attack got and what stopped it. Exits with 1 when an attack gets through, or fails
 * without walls too and so shows nothing.
 */
import { isPaddockError } from "@paddock/host";
import { attackTheShop } from "./demo/attack-the-shop.ts";
import { neverAnswer } from "./demo/never-answer.ts";
import { openShop } from "./demo/open-shop.ts";
import { createPage } from "./demo/page.ts";
import { priceAnOrder } from "./demo/price-an-order.ts";
import { showYourTurn } from "./demo/your-turn.ts";

const page = createPage(process.stdout, process.env);

try {
  process.exitCode = (await show()) ? 0 : 1;
} catch (error) {
  if (!isPaddockError(error)) throw error;
  page.say(page.bad(`${error.code}: ${error.message}`));
  if (error.hint !== undefined) page.say(error.hint);
  process.exitCode = error.about.exit;
}

async function show(): Promise<boolean> {
  page.title("A shop, and plugins that it does not trust");
  await using shop = await openShop();
  await priceAnOrder(shop, page);
  const isSafe = await attackTheShop(page, { isDetailed: process.argv.includes("--details") });
  const isServing = await neverAnswer(shop, page);
  showYourTurn(page);
  return isSafe && isServing;
}
