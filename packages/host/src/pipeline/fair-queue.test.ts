import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.js";

interface Item {
  readonly tenant: string;
  readonly caller: string;
  readonly weight: number;
  readonly number: number;
}

const item = (tenant: string, caller: string, number: number, weight = 1): Item => ({
  tenant,
  caller,
  weight,
  number,
});

function drain(queue: FairQueue<Item>, tickets: Map<Item, ReturnType<FairQueue<Item>["add"]>>): Item[] {
  const taken: Item[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    taken.push(next);
    const ticket = tickets.get(next);
    if (ticket !== undefined) queue.remove(ticket);
  }
  return taken;
}

function fill(items: readonly Item[]) {
  const queue = new FairQueue<Item>();
  return { queue, tickets: new Map(items.map((one) => [one, queue.add(one)])) };
}

describe("FairQueue", () => {
  it("goes by turns between tenants, and within a tenant between callers", () => {
    const { queue, tickets } = fill([
      item("a", "x", 1),
      item("a", "x", 2),
      item("a", "y", 3),
      item("b", "x", 4),
      item("b", "x", 5),
    ]);
    expect(drain(queue, tickets).map(({ number }) => number)).toEqual([1, 4, 3, 5, 2]);
  });

  it("names the newest of the greediest caller of the heaviest tenant", () => {
    const { queue } = fill([item("a", "x", 1), item("a", "y", 2), item("a", "y", 3), item("b", "x", 4, 2)]);
    expect(queue.heaviest()).toMatchObject({ weight: 3, newest: { number: 3 } });
  });

  it("gives back all and only what was added, each caller's in order, whatever leaves before its turn", () => {
    const name = fc.constantFrom("a", "b", "c");
    const items = fc.array(fc.tuple(name, name, fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(items, (given) => {
        const all = given.map(([tenant, caller], number) => item(tenant, caller, number));
        const { queue, tickets } = fill(all);
        const stay = all.filter((one, at) => {
          const leaves = given[at]?.[2] === true;
          const ticket = tickets.get(one);
          if (leaves && ticket !== undefined) queue.remove(ticket);
          return !leaves;
        });
        const taken = drain(queue, tickets);
        expect(queue.size).toBe(0);
        expect(queue.heaviest()).toBeUndefined();
        expect([...taken].sort((a, b) => a.number - b.number)).toEqual(stay);
        const key = ({ tenant, caller }: Item) => `${tenant} ${caller}`;
        for (const lane of new Set(stay.map(key))) {
          const numbers = taken.filter((one) => key(one) === lane).map(({ number }) => number);
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      }),
    );
  });

  it("never lets a tenant wait for more than one turn of every other one", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 80 }), (tenants) => {
        const { queue, tickets } = fill(tenants.map((tenant, at) => item(tenant, "x", at)));
        const taken = drain(queue, tickets).map(({ tenant }) => tenant);
        for (let at = 1; at < taken.length; at++) {
          if (taken[at] !== taken[at - 1]) continue;
          // Twice in a row only when nobody else waits.
          expect(new Set(taken.slice(at)).size).toBe(1);
        }
      }),
    );
  });
});
