import { BoundedReader, type Missed } from "../bounded-reader.js";
import type { GuestLog } from "../supervisor/guest-log.js";

/** A line of a plugin's log, with its place in the order of all lines. */
export interface LogRecord extends GuestLog {
  /** Counts up by one with every line of this host. */
  readonly number: number;
  /** When the host got it, ISO 8601. */
  readonly at: string;
}

/** Lines kept of each plugin, the newest. */
export const MAX_KEPT_LINES = 500;
/** Characters kept of each plugin, for lines that are long. */
export const MAX_KEPT_CHARACTERS = 256 * 1024;
/** Plugins of which lines are kept; the one that was silent longest is forgotten first. */
export const MAX_KEPT_PLUGINS = 256;

/** What plugins logged lately, and what they log from now on. */
export interface LogBook {
  add(log: GuestLog): void;
  /** The newest lines, oldest first, of one plugin or of all. */
  last(count: number, plugin?: string): readonly LogRecord[];
  /** Lines from now on; a reader that is too slow loses lines, counted in `dropped` of the next one. */
  follow(signal: AbortSignal, plugin?: string): AsyncIterable<LogRecord>;
  /** Ends everybody who follows. */
  close(): void;
}

interface Kept {
  readonly records: { readonly record: LogRecord; readonly characters: number }[];
  characters: number;
}

export function createLogBook(now: () => Date = () => new Date()): LogBook {
  const byPlugin = new Map<string, Kept>();
  /** Each with the plugin that it wants. */
  const readers = new Map<BoundedReader<LogRecord>, string | undefined>();
  let isClosed = false;
  let lines = 0;
  return {
    add: (log) => {
      const record: LogRecord = { number: ++lines, at: now().toISOString(), ...log };
      keep(byPlugin, record);
      for (const [reader, plugin] of readers) {
        if (plugin === undefined || plugin === record.plugin) reader.offer(record);
      }
    },
    last: (count, plugin) => {
      const kept = plugin === undefined ? [...byPlugin.values()] : [byPlugin.get(plugin)];
      const records = kept.flatMap((one) => one?.records.map(({ record }) => record) ?? []);
      return count < 1 ? [] : records.sort((a, b) => a.number - b.number).slice(-count);
    },
    follow: (signal, plugin) => {
      const end = () => reader.end();
      const reader = new BoundedReader<LogRecord>(() => {
        readers.delete(reader);
        signal.removeEventListener("abort", end);
      });
      if (signal.aborted || isClosed) reader.end();
      else {
        readers.set(reader, plugin);
        signal.addEventListener("abort", end);
      }
      return withLosses(reader);
    },
    close: () => {
      isClosed = true;
      for (const reader of readers.keys()) reader.end();
    },
  };
}

/** What a reader missed is counted where the plugin's own losses are. */
async function* withLosses(
  reader: AsyncIterable<LogRecord | Missed>,
): AsyncGenerator<LogRecord, void, undefined> {
  let lost = 0;
  for await (const item of reader) {
    if ("kind" in item) lost += item.count;
    else {
      yield lost === 0 ? item : { ...item, dropped: item.dropped + lost };
      lost = 0;
    }
  }
}

function keep(byPlugin: Map<string, Kept>, record: LogRecord): void {
  const kept = byPlugin.get(record.plugin) ?? { records: [], characters: 0 };
  // Taken out and put back: a Map remembers the order, so the first one was silent longest.
  byPlugin.delete(record.plugin);
  byPlugin.set(record.plugin, kept);
  const characters = record.message.length + JSON.stringify(record.fields).length;
  kept.records.push({ record, characters });
  kept.characters += characters;
  while (kept.records.length > MAX_KEPT_LINES || kept.characters > MAX_KEPT_CHARACTERS) {
    kept.characters -= kept.records.shift()?.characters ?? 0;
  }
  const [oldest] = byPlugin.keys();
  if (byPlugin.size > MAX_KEPT_PLUGINS && oldest !== undefined) byPlugin.delete(oldest);
}
