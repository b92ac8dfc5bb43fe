import { definePlugin } from "@paddock/sdk";
import { type Order, priceDiscount } from "./price-discount.ts";

/** Try another number, or one of the two lines that the demo suggests, and run it again. */
const PERCENT = 10;

export default definePlugin({
  actions: {
    discount(order: Order) {
      return priceDiscount(order, PERCENT);
    },
  },
});
