import type {
  Recorded,
  RecordedCall,
  RecordedEvent,
  RecordedLog,
  RecordedProgress,
  RecordedRequest,
} from "./test-host.js";

/** Entries of each kind that are kept; older ones are forgotten first. */
export const MAX_RECORDED = 10_000;

/** The lists of a test host, as long as they may grow. */
export interface Recorder extends Recorded {
  readonly calls: RecordedCall[];
  readonly logs: RecordedLog[];
  readonly requests: RecordedRequest[];
  readonly progress: RecordedProgress[];
  readonly events: RecordedEvent[];
}

export function createRecorder(): Recorder {
  return { calls: [], logs: [], requests: [], progress: [], events: [] };
}

export function keep<Entry>(list: Entry[], entry: Entry): void {
  list.push(entry);
  if (list.length > MAX_RECORDED) list.shift();
}

/** Records a call and what comes of it; settles as `run` does. */
export async function recordCall(
  recorder: Recorder,
  call: Omit<RecordedCall, "outcome">,
  run: () => Promise<unknown>,
  toError: (thrown: unknown) => Extract<RecordedCall["outcome"], { kind: "failure" }>["error"],
): Promise<unknown> {
  const entry: { outcome: RecordedCall["outcome"] } & typeof call = { ...call, outcome: { kind: "pending" } };
  keep(recorder.calls, entry);
  try {
    const value = await run();
    entry.outcome = { kind: "success", value };
    return value;
  } catch (thrown) {
    const error = toError(thrown);
    entry.outcome = { kind: "failure", error };
    throw error;
  }
}
