import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LifecycleFailure } from "../telemetry/lifecycle-event.js";
import { INSTALLED, isUsable, type Lifecycle, type LifecycleInput, next } from "./lifecycle.js";

const FAILURE: LifecycleFailure = { code: "CRASHED", message: "it crashed", fault: "plugin" };

/** The states after one input, from left to right; a failure is judged at once, as the supervisor does. */
function run(inputs: readonly LifecycleInput[], from: Lifecycle = INSTALLED): Lifecycle {
  return inputs.reduce<Lifecycle>((state, input) => next(state, input).state, from);
}

const START: readonly LifecycleInput[] = [{ kind: "start" }, { kind: "started" }];
const again: LifecycleInput = { kind: "judged", verdict: { kind: "again" }, now: 0 };
const wait: LifecycleInput = { kind: "judged", verdict: { kind: "wait", ms: 1_000 }, now: 5_000 };
const quarantine: LifecycleInput = { kind: "judged", verdict: { kind: "quarantine" }, now: 0 };
const crash: LifecycleInput = { kind: "crash", failure: FAILURE };
const startFailed: LifecycleInput = { kind: "start-failed", failure: FAILURE };

describe("next()", () => {
  it.each<[string, readonly LifecycleInput[], Lifecycle["kind"]]>([
    ["a start", [{ kind: "start" }], "starting"],
    ["a first health check", START, "ready"],
    ["a start that was given up", [{ kind: "start" }, { kind: "start-given-up" }], "installed"],
    ["its guest going", [...START, { kind: "left" }], "installed"],
    ["one of two guests going", [...START, ...START, { kind: "left" }], "ready"],
    ["a failed start", [{ kind: "start" }, startFailed], "crashed"],
    ["a crash that may start again", [...START, crash, again], "installed"],
    ["a crash beside a living guest", [...START, ...START, crash, again], "ready"],
    ["a crash that has to wait", [...START, crash, wait], "backing-off"],
    ["the end of the wait", [...START, crash, wait, { kind: "wait-over" }], "installed"],
    ["a crash loop", [...START, crash, quarantine], "quarantined"],
    ["a release", [...START, crash, quarantine, { kind: "release" }], "installed"],
    ["a quarantine of before", [{ kind: "quarantine", failure: FAILURE }], "quarantined"],
    ["suspending it", [...START, { kind: "suspend" }], "suspended"],
    ["suspending it without guests", [{ kind: "suspend" }], "suspended"],
    ["resuming it", [...START, { kind: "suspend" }, { kind: "resume" }], "ready"],
    ["its only guest dying suspended", [...START, { kind: "suspend" }, crash, again], "suspended"],
    [
      "resuming it after that",
      [...START, { kind: "suspend" }, crash, again, { kind: "resume" }],
      "installed",
    ],
    ["draining it", [...START, { kind: "drain" }], "draining"],
    ["its last guest going then", [...START, { kind: "drain" }, { kind: "left" }], "stopped"],
    ["draining it without guests", [{ kind: "drain" }], "stopped"],
    ["a restart while it is backing off", [...START, crash, wait, { kind: "restart" }], "installed"],
  ])("knows where a plugin stands after %s", (_, inputs, kind) => {
    expect(run(inputs).kind).toBe(kind);
  });

  it("says until when it backs off, and why", () => {
    expect(run([...START, crash, wait])).toMatchObject({ retryAt: 6_000, failure: FAILURE });
  });

  it.each<[string, readonly LifecycleInput[], readonly string[]]>([
    [
      "freezes guests that come up while it is suspended",
      [{ kind: "start" }, { kind: "suspend" }, { kind: "started" }],
      ["freeze"],
    ],
    [
      "ends guests that come up in quarantine",
      [...START, { kind: "start" }, crash, quarantine, { kind: "started" }],
      ["drain"],
    ],
    [
      "ends guests that come up while it drains",
      [{ kind: "start" }, { kind: "drain" }, { kind: "started" }],
      ["drain"],
    ],
    ["ends those that stand still at once", [...START, { kind: "suspend" }, { kind: "drain" }], ["end"]],
    ["judges each failure", [...START, crash], ["judge"]],
    [
      "fills up what is to be ready after a release",
      [{ kind: "quarantine", failure: FAILURE }, { kind: "release" }],
      ["forgive", "fill"],
    ],
  ])("%s", (_, inputs, effects) => {
    const before = run(inputs.slice(0, -1));
    const last = inputs.at(-1);
    if (last === undefined) throw new Error("no input");
    expect(next(before, last).effects.map(({ kind }) => kind)).toEqual(effects);
  });
});

const input = fc.oneof(
  fc.constantFrom<LifecycleInput>(
    { kind: "start" },
    { kind: "started" },
    { kind: "start-given-up" },
    startFailed,
    crash,
    { kind: "left" },
    again,
    wait,
    quarantine,
    { kind: "wait-over" },
    { kind: "suspend" },
    { kind: "resume" },
    { kind: "restart" },
    { kind: "release" },
    { kind: "drain" },
    { kind: "quarantine", failure: FAILURE },
  ),
);
const inputs = fc.array(input, { maxLength: 60 });

/** Every step of a life, whatever happens in it. */
function eachStep(
  all: readonly LifecycleInput[],
  look: (before: Lifecycle, one: LifecycleInput, after: ReturnType<typeof next>) => void,
): void {
  let state = INSTALLED;
  for (const one of all) {
    const after = next(state, one);
    look(state, one, after);
    state = after.state;
  }
}

describe("whatever happens to a plugin", () => {
  it("its numbers of guests are those that came and did not go", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, one, { state, effects }) => {
          expect(state.guests).toBeGreaterThanOrEqual(0);
          expect(state.starting).toBeGreaterThanOrEqual(0);
          const change = state.guests + state.starting - before.guests - before.starting;
          const isLaunch = effects.some(({ kind }) => kind === "launch");
          expect(change).toBe(isLaunch ? 1 : change === 0 ? 0 : -1);
          if (change === -1) expect(["start-given-up", "start-failed", "crash", "left"]).toContain(one.kind);
        });
      }),
    );
  });

  it("its state says what its numbers say", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (_, __, { state }) => {
          const { kind, guests, starting } = state;
          if (kind === "installed" || kind === "stopped") expect(guests + starting).toBe(0);
          if (kind === "starting") expect([guests, starting > 0]).toEqual([0, true]);
          if (kind === "ready") expect(guests).toBeGreaterThan(0);
          if (kind === "draining") expect(guests + starting).toBeGreaterThan(0);
        });
      }),
    );
  });

  it("a guest is started only when it is installed, starting or ready", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, _, { effects }) => {
          if (effects.some(({ kind }) => kind === "launch"))
            expect(["installed", "starting", "ready"]).toContain(before.kind);
        });
      }),
    );
  });

  it("what is refused changes nothing", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, _, { state, effects }) => {
          if (effects.some(({ kind }) => kind === "refuse")) expect(state).toBe(before);
        });
      }),
    );
  });

  it("quarantine is left by a release or for good, and by nothing else", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, one, { state }) => {
          if (before.kind === "quarantined" && state.kind !== "quarantined")
            expect(["release", "drain"]).toContain(one.kind);
        });
      }),
    );
  });

  it("suspension is left by a resume, by quarantine or for good", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, one, { state }) => {
          if (before.kind !== "suspended" || state.kind === "suspended") return;
          if (state.kind !== "quarantined") expect(["resume", "drain"]).toContain(one.kind);
        });
      }),
    );
  });

  it("it never comes back from draining and stopped", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, _, { state }) => {
          if (before.kind === "draining") expect(["draining", "stopped"]).toContain(state.kind);
          if (before.kind === "stopped") expect(state.kind).toBe("stopped");
        });
      }),
    );
  });

  it("every start ends once, and a drained plugin stops when its last guest is gone", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        let state = next(run(all), { kind: "drain" }).state;
        while (state.starting > 0) state = next(state, { kind: "start-given-up" }).state;
        while (state.guests > 0) state = next(state, { kind: "left" }).state;
        expect(state.kind).toBe("stopped");
      }),
    );
  });

  it("a failure of a usable plugin is judged exactly once", () => {
    fc.assert(
      fc.property(inputs, (all) => {
        eachStep(all, (before, one, { state, effects }) => {
          const judged = effects.filter(({ kind }) => kind === "judge").length;
          const isFailure = one.kind === "crash" || one.kind === "start-failed";
          const happened = state.guests + state.starting < before.guests + before.starting;
          if (isFailure && happened && (isUsable(before) || before.kind === "suspended"))
            expect(judged).toBe(1);
          else expect(judged).toBe(0);
        });
      }),
    );
  });
});
