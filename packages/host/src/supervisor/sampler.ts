import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import type { GuestSession } from "./guest-session.js";
import type { LoadedPlugin } from "./plugin.js";
import { type Sample, SampleHistory } from "./sample-history.js";
import { decideWarnings, type Warned } from "./usage-warnings.js";

/** How often every guest is looked at. */
export const SAMPLE_MS = 1_000;
/** Guests that are looked at together: each look reads some small files. */
const AT_ONCE = 4;
/** A guest that does not run uses what it used; so many looks in a row may be spared. */
const MAX_SPARED_LOOKS = 9;

interface Watched {
  readonly history: SampleHistory;
  warned: Warned;
  /** Processor time at the last look, and looks that were spared since. */
  cpuMs: number;
  spared: number;
}

/** Looks at what each guest uses, and says when that comes near a limit. */
export class Sampler {
  readonly #sessions: () => Iterable<GuestSession>;
  readonly #onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
  readonly #watched = new WeakMap<GuestSession, Watched>();
  #round: Promise<void> | undefined;

  constructor(
    sessions: () => Iterable<GuestSession>,
    onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void,
  ) {
    this.#sessions = sessions;
    this.#onChange = onChange;
  }

  historyOf(session: GuestSession): SampleHistory | undefined {
    return this.#watched.get(session)?.history;
  }

  /** One look at every guest; while one goes on, another does not begin. */
  round(): Promise<void> {
    this.#round ??= this.#lookAtAll().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #lookAtAll(): Promise<void> {
    const left = [...this.#sessions()];
    const lookAtNext = async () => {
      for (let session = left.pop(); session !== undefined; session = left.pop()) await this.#look(session);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lookAtNext));
  }

  async #look(session: GuestSession): Promise<void> {
    const watched = this.#watched.get(session) ?? {
      history: new SampleHistory(),
      warned: {},
      cpuMs: -1,
      spared: 0,
    };
    this.#watched.set(session, watched);
    if (this.#mayRepeat(session, watched)) {
      watched.spared++;
      watched.history.repeat(Date.now(), performance.now());
      return;
    }
    // A guest that goes meanwhile, or a host without descriptors, leaves a gap.
    const usage = await session.process.usage().catch(() => undefined);
    if (usage === undefined || session.condition === "ending") return;
    watched.spared = 0;
    const sample = watched.history.add(
      usage,
      { brokeredBytes: session.brokeredBytes, connections: 0, calls: session.load },
      Date.now(),
      performance.now(),
    );
    this.#warn(session, sample, watched);
  }

  /** A look at many guests costs a host more than they do; this one costs next to nothing. */
  #mayRepeat(session: GuestSession, watched: Watched): boolean {
    const { last } = watched.history;
    const cpuMs = session.process.cpuMs();
    const isSame = cpuMs === watched.cpuMs;
    watched.cpuMs = cpuMs;
    return isSame && last?.calls === 0 && session.load === 0 && watched.spared < MAX_SPARED_LOOKS;
  }

  #warn(session: GuestSession, sample: Sample, watched: Watched): void {
    const { plugin, tenant } = session.identity;
    const { warnings, warned } = decideWarnings(sample, plugin, watched.warned);
    watched.warned = warned;
    const guest = { tenant, guest: session.number, pid: session.process.pid };
    for (const warning of warnings) this.#onChange(plugin, { kind: "usage-warning", ...warning, ...guest });
  }
}
