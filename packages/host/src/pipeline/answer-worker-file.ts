/**
 * What the threads of a JsonPool run. From source it is the built file: Node strips types, but finds no `.js` where a
 * `.ts` is.
 */
export const ANSWER_WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/pipeline/answer-worker.js" : "./answer-worker.js",
  import.meta.url,
);
