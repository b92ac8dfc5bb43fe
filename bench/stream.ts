import { inTurns } from "./in-turns.ts";
import type { Question } from "./question.ts";
import { RAW_UP } from "./stream/flow.ts";
import { startPaddockStreams } from "./stream/paddock-streams.ts";
import { startRawPipe } from "./stream/raw-pipe.ts";

const MEGABYTE = 1024 * 1024;
const TURN_BYTES = 64 * MEGABYTE;

export const stream: Question = {
  name: "stream",
  title:
    "Megabytes per second of a stream of bytes, up from a guest and down to it, in chunks of 64 KB; each ratio is to the raw pipe of the same direction. More is better.",
  unit: "MB/s",
  better: "more",
  baseline: RAW_UP,
  measure: async ({ isQuick }) => {
    const raw = startRawPipe();
    const ours = await startPaddockStreams();
    try {
      const flows = [...raw.flows, ...ours.flows];
      for (const { flow } of flows) await flow(TURN_BYTES);
      const measured = await inTurns(flows, isQuick ? 5 : 30, async ({ flow }) => {
        const startedAt = performance.now();
        await flow(TURN_BYTES);
        return [(TURN_BYTES / MEGABYTE / (performance.now() - startedAt)) * 1000];
      });
      return measured.map((one, index) => ({ ...one, baseline: flows[index]?.baseline ?? RAW_UP }));
    } finally {
      await raw.close();
      await ours.close();
    }
  },
};
