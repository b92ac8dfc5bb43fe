import type { LoadedPlugin } from "../supervisor/plugin.js";
import type { LifecycleChange, LifecycleFailure } from "../telemetry/lifecycle-event.js";

/** Between two reports of the same thing. */
const REPORT_MS = 1_000;

type Report = Extract<LifecycleChange, { readonly kind: "events-dropped" | "event-failed" }>;

interface Tally {
  /** What came since the last report. */
  waiting: Report | undefined;
  readonly timer: NodeJS.Timeout;
}

/** Says what may happen thousands of times a second: at once, then at most once a second with the number. */
export class EventReports {
  readonly #onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
  /** By plugin, then by what and whose; each only for as long as its timer runs. */
  readonly #tallies = new Map<LoadedPlugin, Map<string, Tally>>();

  constructor(onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void) {
    this.#onChange = onChange;
  }

  dropped(plugin: LoadedPlugin, tenant: string): void {
    this.#add(plugin, { kind: "events-dropped", tenant, count: 1 });
  }

  failed(plugin: LoadedPlugin, tenant: string, topic: string, failure: LifecycleFailure): void {
    this.#add(plugin, { kind: "event-failed", tenant, count: 1, topic, failure });
  }

  close(): void {
    for (const { timer } of [...this.#tallies.values()].flatMap((own) => [...own.values()]))
      clearTimeout(timer);
    this.#tallies.clear();
  }

  #add(plugin: LoadedPlugin, report: Report): void {
    const own = this.#tallies.get(plugin) ?? new Map<string, Tally>();
    this.#tallies.set(plugin, own);
    const key = `${report.kind} ${report.tenant}`;
    const tally = own.get(key);
    if (tally === undefined) {
      this.#say(plugin, key, own, report);
      return;
    }
    tally.waiting = { ...report, count: report.count + (tally.waiting?.count ?? 0) };
  }

  #say(plugin: LoadedPlugin, key: string, own: Map<string, Tally>, report: Report): void {
    this.#onChange(plugin, report);
    const timer = setTimeout(() => {
      const waiting = own.get(key)?.waiting;
      own.delete(key);
      if (waiting !== undefined) this.#say(plugin, key, own, waiting);
      else if (own.size === 0) this.#tallies.delete(plugin);
    }, REPORT_MS).unref();
    own.set(key, { waiting: undefined, timer });
  }
}
