/** Prices are whole cents. */
export interface Order {
  readonly customer: string;
  readonly lines: readonly { readonly product: string; readonly quantity: number; readonly cents: number }[];
}

export interface Discount {
  readonly cents: number;
  readonly reason: string;
}

/** Some percent of an order, rounded in favour of the customer. */
export function priceDiscount(order: Order, percent: number): Discount {
  const total = order.lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
  return { cents: Math.ceil((total * percent) / 100), reason: `${percent} % for ${order.customer}` };
}
