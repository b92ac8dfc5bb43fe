import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Circuit, type CircuitEvent, CLOSED, nextCircuit } from "./circuit.js";

const SETTINGS = { failures: 3, openForMs: 100 };
const run = (events: readonly CircuitEvent[], from: Circuit = CLOSED) =>
  events.reduce((circuit, event) => nextCircuit(circuit, event, SETTINGS), from);

const failed = (at: number): CircuitEvent => ({ kind: "failed", at });
const asked = (at: number): CircuitEvent => ({ kind: "asked", at });

describe("nextCircuit()", () => {
  it("opens after so many failures in a row, and for the time that is set", () => {
    expect(run([failed(1), failed(2)])).toEqual({ kind: "closed", failures: 2 });
    expect(run([failed(1), failed(2), failed(3)])).toEqual({ kind: "open", until: 103 });
    expect(run([failed(1), failed(2), { kind: "succeeded" }, failed(3)])).toEqual({
      kind: "closed",
      failures: 1,
    });
    expect(run([failed(1), { kind: "ended" }, failed(2), failed(3)])).toEqual({ kind: "open", until: 103 });
  });

  it("lets one call try when the time is over", () => {
    const open: Circuit = { kind: "open", until: 103 };
    expect(run([asked(102)], open)).toBe(open);
    expect(run([asked(103)], open)).toEqual({ kind: "half-open", isProbing: true });
  });

  it.each<readonly [CircuitEvent, Circuit]>([
    [{ kind: "succeeded" }, CLOSED],
    [failed(200), { kind: "open", until: 300 }],
    [{ kind: "ended" }, { kind: "half-open", isProbing: false }],
  ])("decides by the call that tried: %o", (event, after) => {
    expect(run([event], { kind: "half-open", isProbing: true })).toEqual(after);
  });

  it("is never open for longer than the setting, nor opens on fewer failures", () => {
    const event = fc.oneof(
      fc.constantFrom<CircuitEvent>({ kind: "succeeded" }, { kind: "ended" }),
      fc.nat(1_000).map(failed),
      fc.nat(1_000).map(asked),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const circuit = run(events);
        const failures = events.filter(({ kind }) => kind === "failed").length;
        if (circuit.kind === "open") expect(circuit.until).toBeLessThanOrEqual(1_100);
        if (circuit.kind !== "closed") expect(failures).toBeGreaterThanOrEqual(3);
      }),
    );
  });
});
