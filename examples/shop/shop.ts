import type { Host } from "@paddock/host";
import { isPaddockError, type PaddockError } from "@paddock/host";
import Fastify, { type FastifyInstance } from "fastify";
import { askDiscount } from "./ask-discount.ts";

/** What the shop sells; prices in cents. */
const PRICES: ReadonlyMap<string, number> = new Map([
  ["tea", 1_250],
  ["pot", 4_900],
  ["cup", 990],
]);

const ORDER = {
  type: "object",
  required: ["customer", "lines"],
  properties: {
    customer: { type: "string", minLength: 1, maxLength: 80 },
    lines: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: {
        type: "object",
        required: ["product", "quantity"],
        properties: {
          product: { type: "string", enum: [...PRICES.keys()] },
          quantity: { type: "integer", minimum: 1, maximum: 1_000 },
        },
      },
    },
  },
} as const;

interface OrderBody {
  readonly customer: string;
  readonly lines: readonly { readonly product: string; readonly quantity: number }[];
}

/** What a customer gets to know about an order. */
export interface Receipt {
  readonly totalCents: number;
  readonly discountCents: number;
  readonly dueCents: number;
  readonly note: string;
}

/** What stands beside a product, or why nothing does. */
export interface ProductPage {
  readonly product: string;
  readonly recommendations: unknown;
  readonly problem?: ReturnType<PaddockError["toJSON"]>;
}

/** The shop: two pages, and a plugin behind each that it does not trust. A plugin that fails costs no order. */
export function createShop(host: Host): FastifyInstance {
  const shop = Fastify();
  shop.post<{ Body: OrderBody; Reply: Receipt }>("/orders", { schema: { body: ORDER } }, async ({ body }) => {
    const lines = body.lines.map((line) => ({ ...line, cents: PRICES.get(line.product) ?? 0 }));
    const totalCents = lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
    const { cents, reason } = await askDiscount(host, { customer: body.customer, lines }).catch(noDiscount);
    const discountCents = Math.min(cents, totalCents);
    return { totalCents, discountCents, dueCents: totalCents - discountCents, note: reason };
  });
  shop.get<{ Params: { product: string }; Reply: ProductPage }>("/products/:product", async ({ params }) => {
    try {
      return { ...params, recommendations: await host.call("mallory/recommend", "recommend", params) };
    } catch (error) {
      if (!isPaddockError(error)) throw error;
      // A customer would see error.userMessage only; the demo shows all of it.
      return { ...params, recommendations: [], problem: error.toJSON() };
    }
  });
  return shop;
}

/** A plugin that fails costs its customer the discount, never the order. */
function noDiscount(error: unknown): { readonly cents: number; readonly reason: string } {
  if (!isPaddockError(error)) throw error;
  return { cents: 0, reason: `no discount: ${error.userMessage}` };
}
