import fc from "fast-check";
import { expect, it } from "vitest";
import { orderByDependencies } from "./order-by-dependencies.js";

const plugin = (id: string, ...needs: readonly string[]) => ({
  id,
  version: "1.0.0",
  depends: Object.fromEntries(needs.map((need) => [need, "^1"])),
});

it("orderByDependencies() puts each plugin after what it needs, and keeps the order otherwise", () => {
  const ordered = orderByDependencies([
    plugin("c", "b"),
    plugin("x"),
    plugin("b", "a", "not-among-them"),
    plugin("a"),
  ]);
  expect(ordered.map(({ id }) => id)).toEqual(["x", "a", "b", "c"]);
});

it.each([
  [[plugin("a", "b"), plugin("b", "a")], "a → b → a"],
  [[plugin("a", "a")], "a → a"],
  [[plugin("z", "a"), plugin("a", "b"), plugin("b", "c"), plugin("c", "a")], "a → b → c → a"],
])("orderByDependencies() names a circle", (plugins, circle) => {
  expect(() => orderByDependencies(plugins)).toThrow(circle);
});

it("orderByDependencies() refuses one plugin twice", () => {
  expect(() => orderByDependencies([plugin("a"), plugin("a")])).toThrow('Cannot load "a" twice');
});

it("orderByDependencies() orders whatever has no circle", () => {
  const acyclic = fc
    .array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 })
    .map((needs) =>
      needs.map((list, at) => plugin(`p${at}`, ...(at === 0 ? [] : list.map((need) => `p${need % at}`)))),
    );
  fc.assert(
    fc.property(acyclic, fc.infiniteStream(fc.nat()), (plugins, keys) => {
      const shuffled = plugins
        .map((one) => ({ one, key: keys.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const ids = orderByDependencies(shuffled).map(({ id }) => id);
      expect([...ids].sort()).toEqual(plugins.map(({ id }) => id).sort());
      for (const { id, depends } of plugins)
        for (const need of Object.keys(depends)) expect(ids.indexOf(need)).toBeLessThan(ids.indexOf(id));
    }),
  );
});
