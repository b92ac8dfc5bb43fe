import type { LifecycleFailure } from "../telemetry/lifecycle-event.js";

/** Guests of a plugin: those that have passed their first health check, and those on the way there. */
interface Guests {
  readonly guests: number;
  readonly starting: number;
}

/** Where a plugin stands. */
export type Lifecycle =
  /** No guest; one is started when somebody needs it. */
  | ({ readonly kind: "installed" } & Guests)
  | ({ readonly kind: "starting" } & Guests)
  | ({ readonly kind: "ready" } & Guests)
  | ({ readonly kind: "suspended" } & Guests)
  /** For a moment: a guest failed, and it is to be judged when another may be started. */
  | ({ readonly kind: "crashed"; readonly failure: LifecycleFailure } & Guests)
  /** It failed too often to be started again at once. Guests that live go on. */
  | ({ readonly kind: "backing-off"; readonly failure: LifecycleFailure; readonly retryAt: number } & Guests)
  | ({ readonly kind: "quarantined"; readonly failure: LifecycleFailure } & Guests)
  | ({ readonly kind: "draining" } & Guests)
  | ({ readonly kind: "stopped" } & Guests);

/** What the restart budget says after a failure. */
export type Verdict =
  | { readonly kind: "again" }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "quarantine" };

export type LifecycleInput =
  /** Somebody needs a guest. */
  | { readonly kind: "start" }
  | { readonly kind: "started" }
  /** A start came to nothing, and not by the plugin's fault. */
  | { readonly kind: "start-given-up" }
  | { readonly kind: "start-failed"; readonly failure: LifecycleFailure }
  | { readonly kind: "crash"; readonly failure: LifecycleFailure }
  /** A guest ended that had been asked to. */
  | { readonly kind: "left" }
  | { readonly kind: "judged"; readonly verdict: Verdict; readonly now: number }
  | { readonly kind: "wait-over" }
  | { readonly kind: "suspend" | "resume" | "restart" | "release" | "drain" }
  /** It was put into quarantine before this host began. */
  | { readonly kind: "quarantine"; readonly failure: LifecycleFailure };

/** What is to be done about it. */
export type Effect =
  | { readonly kind: "launch" }
  /** It cannot be done in this state. */
  | { readonly kind: "refuse" }
  /** Ask the restart budget. */
  | { readonly kind: "judge" }
  | { readonly kind: "wait"; readonly ms: number }
  /** Start what is to be there before anybody needs it. */
  | { readonly kind: "fill" }
  | { readonly kind: "freeze" }
  | { readonly kind: "thaw" }
  /** Replace the guests once their calls are done. */
  | { readonly kind: "renew" }
  | { readonly kind: "forgive" }
  /** End the guests once their calls are done. */
  | { readonly kind: "drain" }
  /** End the guests now. */
  | { readonly kind: "end" };

export interface Step {
  readonly state: Lifecycle;
  readonly effects: readonly Effect[];
}

export const INSTALLED: Lifecycle = { kind: "installed", guests: 0, starting: 0 };

/** The next state and what to do. What cannot happen in a state changes nothing. */
export function next(state: Lifecycle, input: LifecycleInput): Step {
  switch (input.kind) {
    case "start":
      return mayStart(state)
        ? step(rest({ ...state, starting: state.starting + 1 }, state), "launch")
        : step(state, "refuse");
    case "started":
      return state.starting === 0 ? step(state) : onStarted(state);
    case "start-given-up":
      return state.starting === 0 ? step(state) : step(fewer(state, "starting"));
    case "start-failed":
      return state.starting === 0 ? step(state) : onFailure(fewer(state, "starting"), input.failure);
    case "crash":
      return state.guests === 0 ? step(state) : onFailure(fewer(state, "guests"), input.failure);
    case "left":
      return state.guests === 0 ? step(state) : step(fewer(state, "guests"));
    case "judged":
      return onJudged(state, input.verdict, input.now);
    case "wait-over":
      return state.kind === "backing-off" ? step(counted(state), "fill") : step(state);
    case "suspend":
      return isUsable(state) ? step({ kind: "suspended", ...guestsOf(state) }, "freeze") : refuse(state);
    case "resume":
      return state.kind === "suspended" ? step(counted(state), "thaw", "fill") : refuse(state);
    case "restart":
      return isUsable(state) ? step(counted(state), "forgive", "renew", "fill") : refuse(state);
    case "release":
      return state.kind === "quarantined" ? step(counted(state), "forgive", "fill") : refuse(state);
    case "drain":
      return onDrain(state);
    case "quarantine":
      return isOver(state) ? step(state) : quarantined(state, input.failure);
  }
}

/** Whether a call may be given to a guest that lives. */
export function isUsable({ kind }: Lifecycle): boolean {
  return kind !== "suspended" && kind !== "quarantined" && kind !== "draining" && kind !== "stopped";
}

function mayStart({ kind }: Lifecycle): boolean {
  return kind === "installed" || kind === "starting" || kind === "ready";
}

function isOver({ kind }: Lifecycle): boolean {
  return kind === "draining" || kind === "stopped";
}

function onStarted(state: Lifecycle): Step {
  const more = { ...state, guests: state.guests + 1, starting: state.starting - 1 };
  if (mayStart(state)) return step(counted(more));
  // It came up when it was not wanted any more: it is treated like those that were there.
  if (state.kind === "suspended") return step(more, "freeze");
  return isOver(state) || state.kind === "quarantined" ? step(more, "drain") : step(more);
}

function onFailure(state: Lifecycle, failure: LifecycleFailure): Step {
  if (isOver(state) || state.kind === "quarantined") return step(state);
  if (state.kind === "suspended") return step(state, "judge");
  // One more while it is backing off: the wait gets longer.
  return step({ kind: "crashed", failure, ...guestsOf(state) }, "judge");
}

function onJudged(state: Lifecycle, verdict: Verdict, now: number): Step {
  if (state.kind !== "crashed" && state.kind !== "suspended") return step(state);
  if (verdict.kind === "quarantine")
    return quarantined(state, state.kind === "crashed" ? state.failure : WHILE_SUSPENDED);
  if (state.kind === "suspended") return step(state);
  if (verdict.kind === "again") return step(counted(state), "fill");
  const { failure } = state;
  const waiting = { kind: "backing-off", failure, retryAt: now + verdict.ms, ...guestsOf(state) } as const;
  return { state: waiting, effects: [{ kind: "wait", ms: verdict.ms }] };
}

const WHILE_SUSPENDED: LifecycleFailure = {
  code: "CRASHED",
  message: "it ended again and again while it was suspended",
  fault: "plugin",
};

function quarantined(state: Lifecycle, failure: LifecycleFailure): Step {
  const after = { kind: "quarantined", failure, ...guestsOf(state) } as const;
  return step(after, state.kind === "suspended" ? "end" : "drain");
}

function onDrain(state: Lifecycle): Step {
  if (isOver(state)) return step(state);
  // Guests that stand still would never be done.
  const how = state.kind === "suspended" ? "end" : "drain";
  return step(counted({ kind: "draining", ...guestsOf(state) }), how);
}

function fewer(state: Lifecycle, which: "guests" | "starting"): Lifecycle {
  return rest({ ...state, [which]: state[which] - 1 }, state);
}

/** The same state with other numbers, as far as it depends on them. */
function rest(changed: Lifecycle, before: Lifecycle): Lifecycle {
  return mayStart(before) || before.kind === "draining" ? counted(changed) : changed;
}

/** The state that the numbers of guests make, for a plugin with nothing else to say. */
function counted(state: Lifecycle): Lifecycle {
  const guests = guestsOf(state);
  if (state.kind === "draining")
    return { kind: guests.guests + guests.starting === 0 ? "stopped" : "draining", ...guests };
  if (guests.guests > 0) return { kind: "ready", ...guests };
  return { kind: guests.starting > 0 ? "starting" : "installed", ...guests };
}

function guestsOf({ guests, starting }: Lifecycle): Guests {
  return { guests, starting };
}

function refuse(state: Lifecycle): Step {
  return step(state, "refuse");
}

function step(state: Lifecycle, ...kinds: Exclude<Effect["kind"], "wait">[]): Step {
  return { state, effects: kinds.map((kind) => ({ kind })) };
}
