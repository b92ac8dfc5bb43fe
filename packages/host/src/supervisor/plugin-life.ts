import type { LifecycleChange, LifecycleFailure } from "../telemetry/lifecycle-event.js";
import { type Effect, INSTALLED, type Lifecycle, type LifecycleInput, next } from "./lifecycle.js";
import { RestartBudget, type RestartSettings } from "./restart-budget.js";

/** What a change of state asks of the guests. */
export type GuestEffect = Extract<
  Effect,
  { readonly kind: "fill" | "freeze" | "thaw" | "renew" | "drain" | "end" }
>;

export interface PluginLifePorts {
  readonly restart: RestartSettings;
  /** Begins what a change asks for; resolves when it is done. */
  readonly act: (effect: GuestEffect) => Promise<unknown>;
  readonly onChange: (change: LifecycleChange) => void;
  /** It is in another state: who waits may have to go, or may go on. */
  readonly onState: (state: Lifecycle) => void;
  /** It was put into quarantine just now. */
  readonly onQuarantine: (failure: LifecycleFailure) => void;
}

export interface Applied {
  /** It cannot be done in this state. */
  readonly isRefused: boolean;
  /** Resolves when everything it asked of the guests is done. */
  readonly work: Promise<unknown>;
}

/** The life of one version of a plugin: feeds the state machine, and has done what it says. */
export class PluginLife {
  readonly #ports: PluginLifePorts;
  readonly #budget: RestartBudget;
  #state: Lifecycle = INSTALLED;
  #since = Date.now();
  #failures = 0;
  #failure: LifecycleFailure | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** A new version beside the old one: its failures are the operator's to look at, nothing is started again. */
  isOnTrial = false;

  constructor(ports: PluginLifePorts) {
    this.#ports = ports;
    this.#budget = new RestartBudget(ports.restart);
  }

  get state(): Lifecycle {
    return this.#state;
  }

  /** Since when it is in this state, milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** Guests that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it is in this state; else why a guest failed last. */
  get failure(): LifecycleFailure | undefined {
    return "failure" in this.#state ? this.#state.failure : this.#failure;
  }

  apply(input: LifecycleInput): Applied {
    const before = this.#state;
    if (input.kind === "crash" || input.kind === "start-failed") {
      this.#failures++;
      this.#failure = input.failure;
    }
    const { state, effects } = next(before, input);
    this.#state = state;
    if (state.kind !== before.kind) this.#onChanged(before, input);
    // What fails on the way ends a guest, and is told as its end.
    const work = Promise.allSettled(effects.map((effect) => this.#do(effect)));
    return { isRefused: effects[0]?.kind === "refuse", work };
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  #onChanged(before: Lifecycle, input: LifecycleInput): void {
    const state = this.#state;
    const failure = "failure" in state ? { failure: state.failure } : {};
    this.#since = Date.now();
    this.#ports.onChange({ kind: "state", from: before.kind, to: state.kind, ...failure });
    if (state.kind === "quarantined" && input.kind !== "quarantine") {
      this.#ports.onChange({ kind: "quarantined", failure: state.failure });
      this.#ports.onQuarantine(state.failure);
    }
    if (input.kind === "release") this.#ports.onChange({ kind: "released" });
    this.#ports.onState(state);
  }

  #do(effect: Effect): Promise<unknown> | undefined {
    switch (effect.kind) {
      case "launch":
      case "refuse":
        return undefined;
      case "judge":
        return this.#judge();
      case "wait":
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.apply({ kind: "wait-over" }), effect.ms).unref();
        return undefined;
      case "forgive":
        clearTimeout(this.#retry);
        this.#budget.forgive();
        return undefined;
      default:
        return this.#ports.act(effect);
    }
  }

  #judge(): Promise<unknown> {
    const verdict = this.isOnTrial ? ({ kind: "again" } as const) : this.#budget.recordFailure();
    return this.apply({ kind: "judged", verdict, now: performance.now() }).work;
  }
}
