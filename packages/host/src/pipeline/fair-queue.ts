import { LinkedList, type Place } from "./linked-list.js";

/** Whose it is, and how much of the bounds it takes. */
export interface Waiting {
  readonly tenant: string;
  readonly caller: string;
  readonly weight: number;
}

interface Lane<T> {
  readonly caller: string;
  readonly items: LinkedList<T>;
  weight: number;
}

interface Group<T> {
  readonly tenant: string;
  readonly lanes: LinkedList<Lane<T>>;
  readonly byCaller: Map<string, readonly [Lane<T>, Place<Lane<T>>]>;
  weight: number;
}

/** Where something waits. */
export interface Ticket<T> {
  readonly group: Group<T>;
  readonly lane: Lane<T>;
  readonly place: Place<T>;
}

/** First come, first served for one caller; callers of a tenant by turns; tenants by turns. */
export class FairQueue<T extends Waiting> {
  readonly #groups = new LinkedList<Group<T>>();
  readonly #byTenant = new Map<string, readonly [Group<T>, Place<Group<T>>]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How much of the bounds a tenant takes. */
  weightOf(tenant: string): number {
    return this.#byTenant.get(tenant)?.[0].weight ?? 0;
  }

  add(item: T): Ticket<T> {
    const group = this.#group(item.tenant);
    const lane = laneOf(group, item.caller);
    group.weight += item.weight;
    lane.weight += item.weight;
    this.#size++;
    return { group, lane, place: lane.items.add(item) };
  }

  /** Takes one out before its turn; `ticket` must still be in the queue. */
  remove({ group, lane, place }: Ticket<T>): void {
    lane.items.remove(place);
    group.weight -= place.value.weight;
    lane.weight -= place.value.weight;
    this.#size--;
    if (lane.items.size > 0) return;
    const laneEntry = group.byCaller.get(lane.caller);
    if (laneEntry !== undefined) group.lanes.remove(laneEntry[1]);
    group.byCaller.delete(lane.caller);
    if (group.lanes.size > 0) return;
    const entry = this.#byTenant.get(group.tenant);
    if (entry !== undefined) this.#groups.remove(entry[1]);
    this.#byTenant.delete(group.tenant);
  }

  /** Whose turn it is; the turn after that is another tenant's, and another caller's of this one. */
  next(): T | undefined {
    const group = this.#groups.first;
    const item = group?.lanes.first?.items.first;
    group?.lanes.rotate();
    this.#groups.rotate();
    return item;
  }

  /** The tenant that takes most, and what its greediest caller added last. */
  heaviest(): { readonly weight: number; readonly newest: T } | undefined {
    const group = most(this.#groups);
    const newest = group === undefined ? undefined : most(group.lanes)?.items.last;
    return group === undefined || newest === undefined ? undefined : { weight: group.weight, newest };
  }

  #group(tenant: string): Group<T> {
    const known = this.#byTenant.get(tenant);
    if (known !== undefined) return known[0];
    const group: Group<T> = { tenant, lanes: new LinkedList(), byCaller: new Map(), weight: 0 };
    this.#byTenant.set(tenant, [group, this.#groups.add(group)]);
    return group;
  }
}

function laneOf<T>(group: Group<T>, caller: string): Lane<T> {
  const known = group.byCaller.get(caller);
  if (known !== undefined) return known[0];
  const lane: Lane<T> = { caller, items: new LinkedList(), weight: 0 };
  group.byCaller.set(caller, [lane, group.lanes.add(lane)]);
  return lane;
}

function most<T extends { readonly weight: number }>(all: Iterable<T>): T | undefined {
  let found: T | undefined;
  for (const one of all) if (found === undefined || one.weight > found.weight) found = one;
  return found;
}
