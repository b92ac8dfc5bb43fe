import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import type { GuestSession } from "./guest-session.js";
import type { LoadedPlugin } from "./plugin.js";
import { SampleHistory } from "./sample-history.js";
import { decideWarnings, type Warned } from "./usage-warnings.js";

/** How often every guest is looked at. */
export const SAMPLE_MS = 1_000;
/** Guests that are looked at together: each look reads some small files. */
const AT_ONCE = 4;

/** Looks at what each guest uses, and says when that comes near a limit. */
export class Sampler {
  readonly #sessions: () => Iterable<GuestSession>;
  readonly #onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
  readonly #histories = new WeakMap<GuestSession, SampleHistory>();
  readonly #warned = new WeakMap<GuestSession, Warned>();
  #round: Promise<void> | undefined;

  constructor(
    sessions: () => Iterable<GuestSession>,
    onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void,
  ) {
    this.#sessions = sessions;
    this.#onChange = onChange;
  }

  historyOf(session: GuestSession): SampleHistory | undefined {
    return this.#histories.get(session);
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
    // A guest that goes meanwhile, or a host without descriptors, leaves a gap.
    const usage = await session.process.usage().catch(() => undefined);
    if (usage === undefined || session.condition === "ending") return;
    const history = this.#histories.get(session) ?? new SampleHistory();
    this.#histories.set(session, history);
    const sample = history.add(
      usage,
      { brokeredBytes: session.brokeredBytes, connections: 0, calls: session.load },
      Date.now(),
      performance.now(),
    );
    const { plugin, tenant } = session.identity;
    const { warnings, warned } = decideWarnings(sample, plugin, this.#warned.get(session) ?? {});
    this.#warned.set(session, warned);
    const guest = { tenant, guest: session.number, pid: session.process.pid };
    for (const warning of warnings) this.#onChange(plugin, { kind: "usage-warning", ...warning, ...guest });
  }
}
