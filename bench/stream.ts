import { inTurns } from "./in-turns.ts";
import type { Question } from "./question.ts";
import { startPaddockStreams } from "./stream/paddock-streams.ts";
import { startRawPipe } from "./stream/raw-pipe.ts";

const MEGABYTE = 1024 * 1024;
const TURN_BYTES = 64 * MEGABYTE;

export const stream: Question = {
  name: "stream",
  title:
    "Megabytes per second of a stream of bytes, up from a guest and down to it, in chunks of 256 KB. More is better.",
  unit: "MB/s",
  better: "more",
  baseline: "raw pipe, up",
  measure: async ({ isQuick }) => {
    const raw = startRawPipe();
    const ours = await startPaddockStreams();
    try {
      const flows = [...raw.flows, ...ours.flows];
      for (const { flow } of flows) await flow(TURN_BYTES);
      return await inTurns(flows, isQuick ? 5 : 30, async ({ flow }) => {
        const startedAt = performance.now();
        await flow(TURN_BYTES);
        return [(TURN_BYTES / MEGABYTE / (performance.now() - startedAt)) * 1000];
      });
    } finally {
      await raw.close();
      await ours.close();
    }
  },
};
