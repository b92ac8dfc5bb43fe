import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Call, type CallRequest, type Progress } from "./call.js";
import { GuestProgress, MIN_PROGRESS_MS } from "./guest-progress.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

function createCall(onProgress: ((progress: Progress) => void) | undefined): Call {
  const action = { name: "go", nameJson: '"go"', isIdempotent: false, timeoutMs: 1_000, errors: {} };
  // Safe: a call looks at nothing else of its request.
  return new Call(
    { action, tenant: "main", onProgress, signal: undefined } as unknown as CallRequest,
    "null",
  );
}

describe("the progress of a guest", () => {
  test("reaches the caller of a live call, bounded, escaped and not too often", () => {
    const seen: Progress[] = [];
    const call = createCall((progress) => seen.push(progress));
    const progress = new GuestProgress((id) => (id === 7 ? call : undefined));
    vi.advanceTimersByTime(MIN_PROGRESS_MS);
    progress.receive({ call: 7, fraction: 7, message: `\u001b[2J${"x".repeat(500)}` });
    progress.receive({ call: 7, fraction: 0.5 });
    vi.advanceTimersByTime(MIN_PROGRESS_MS);
    progress.receive({ call: 7, fraction: 0.7, more: "ignored" });
    expect(seen).toHaveLength(2);
    expect(seen[0]?.fraction).toBe(1);
    expect(seen[0]?.message).toMatch(/^\\u\{1b\}\[2Jx{190,}$/);
    expect(seen[1]).toEqual({ fraction: 0.7 });
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "half"],
    ["a list", [7, 0.5]],
    ["no call", { fraction: 0.5 }],
    ["a call as text", { call: "7", fraction: 0.5 }],
    ["another's call", { call: 8, fraction: 0.5 }],
  ])("is dropped when it is %s", (_, params) => {
    const call = createCall(() => expect.unreachable());
    const progress = new GuestProgress((id) => (id === 7 ? call : undefined));
    vi.advanceTimersByTime(MIN_PROGRESS_MS);
    progress.receive(params);
  });

  test("is dropped when the call is over, or nobody asked for it", () => {
    const over = createCall(() => expect.unreachable());
    over.resolve(null);
    vi.advanceTimersByTime(MIN_PROGRESS_MS);
    new GuestProgress(() => over).receive({ call: 7, fraction: 0.5 });
    new GuestProgress(() => createCall(undefined)).receive({ call: 7, fraction: 0.5 });
  });

  test("whose listener throws costs a warning, and not the guest", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const call = createCall(() => {
      throw new Error("no window");
    });
    vi.advanceTimersByTime(MIN_PROGRESS_MS);
    new GuestProgress(() => call).receive({ call: 7, fraction: 0.5 });
    expect(warn.mock.calls).toEqual([
      ["onProgress threw: Error: no window", { code: "PADDOCK_ON_PROGRESS" }],
    ]);
    warn.mockRestore();
  });
});
