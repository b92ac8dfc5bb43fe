import { createEchoHost, ECHO_PLUGIN } from "./contenders/paddock.ts";
import { inTurns } from "./in-turns.ts";
import { PAYLOAD } from "./payload.ts";
import type { Question } from "./question.ts";

const ITEMS = 1_000;
const ONE_BY_ONE = "host.call, one after another";

/** The same items every time: what is measured is how they travel. */
const PAYLOADS = Array.from({ length: ITEMS }, () => PAYLOAD);

export const batch: Question = {
  name: "batch",
  title: `${ITEMS} items: each a call of its own, in one host.batch, or in one list that the plugin takes apart. More is better.`,
  unit: "items/s",
  better: "more",
  baseline: ONE_BY_ONE,
  measure: async ({ isQuick }) => {
    const { host, close } = await createEchoHost();
    const contenders = [
      {
        name: ONE_BY_ONE,
        run: async () => {
          for (const payload of PAYLOADS) await host.call(ECHO_PLUGIN, "echo", payload);
        },
      },
      { name: "host.batch", run: () => host.batch(ECHO_PLUGIN, "echo", PAYLOADS) },
      {
        name: "one call with a list",
        run: () => host.call(ECHO_PLUGIN, "echo", PAYLOADS),
      },
    ];
    try {
      for (const { run } of contenders) for (let round = 0; round < 5; round++) await run();
      return await inTurns(contenders, isQuick ? 3 : 40, async ({ run }) => {
        const startedAt = performance.now();
        await run();
        return [(ITEMS / (performance.now() - startedAt)) * 1000];
      });
    } finally {
      await close();
    }
  },
};
