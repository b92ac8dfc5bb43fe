import { expect, it } from "vitest";
import { GATHERED_AT_ONCE, GATHERED_IN_ALL, GATHERED_PER_PLUGIN, GatherTurns } from "./gather-slots.js";

/** Answers of so many guests of a plugin that never end; how many of them are gathered. */
function hold(turns: GatherTurns, plugin: string, guests: number) {
  const ended = Promise.withResolvers<void>();
  let running = 0;
  const all = Array.from({ length: guests }, () => turns.slotsFor(plugin)).flatMap((slots) =>
    Array.from({ length: GATHERED_AT_ONCE + 1 }, () =>
      slots.use(async () => {
        running++;
        await ended.promise;
        running--;
      }),
    ),
  );
  return { running: () => running, end: () => Promise.all([ended.resolve(), ...all]) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it("gathers few answers of one guest at a time", async () => {
  const held = hold(new GatherTurns(), "a/a", 1);
  await settle();
  expect(held.running()).toBe(GATHERED_AT_ONCE);
  await held.end();
});

it("gathers few answers of all guests of one plugin, and of all plugins together", async () => {
  const turns = new GatherTurns();
  const one = hold(turns, "a/a", 100);
  await settle();
  expect(one.running()).toBe(GATHERED_PER_PLUGIN);
  const others = Array.from({ length: 20 }, (_, at) => hold(turns, `b/b${at}`, 10));
  await settle();
  const running = [one, ...others].reduce((sum, each) => sum + each.running(), 0);
  expect(running).toBe(GATHERED_IN_ALL);
  await Promise.all([one, ...others].map((each) => each.end()));
});

it("lets a plugin have its turn though another's answers never end", async () => {
  const turns = new GatherTurns();
  const endless = hold(turns, "a/a", 100);
  await settle();
  expect(await turns.slotsFor("b/b").use(async () => "done")).toBe("done");
  await endless.end();
});
