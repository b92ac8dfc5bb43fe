import { describe, expect, it } from "vitest";
import { type CallOptions, readCallOptions } from "./call-options.js";

const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
// Safe: what it is not is the point.
const read = (options: unknown) => readCallOptions(options as CallOptions);

describe("readCallOptions()", () => {
  it("refuses what is no option, so that a slip does not call for another tenant", () => {
    const slip = { tenat: "shop-7" } as object;
    expect(() => readCallOptions(slip)).toThrow(
      expect.objectContaining({ code: "USAGE_INVALID", hint: 'Did you mean "tenant"?' }),
    );
    const other = { nothing: 1 } as object;
    expect(() => readCallOptions(other)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });

  it("fills in what is not given", () => {
    const defaults = { tenant: "main" };
    expect(readCallOptions(undefined)).toEqual(defaults);
    expect(readCallOptions({})).toEqual(defaults);
    expect(readCallOptions({ tenant: undefined, caller: undefined, timeoutMs: undefined })).toEqual(defaults);
  });

  it("takes what is given", () => {
    const { signal } = new AbortController();
    const options = {
      tenant: "shop-7",
      caller: "Zoë <zoe@shop.example>",
      timeoutMs: 1.5,
      signal,
      traceparent: TRACE,
    };
    expect(readCallOptions(options)).toEqual(options);
  });

  it.each(["a", "A", "0", "a.b", "a@b.example", "a_b-c", "x".repeat(64)])(
    "takes %j for a tenant",
    (tenant) => {
      expect(read({ tenant }).tenant).toBe(tenant);
    },
  );

  it.each<readonly [string, unknown]>([
    ["tenant", ""],
    ["tenant", "."],
    ["tenant", ".."],
    ["tenant", "../a"],
    ["tenant", "a/b"],
    ["tenant", "-a"],
    ["tenant", "a\n"],
    ["tenant", "a\u0000"],
    ["tenant", "x".repeat(65)],
    ["tenant", "ä"],
    ["tenant", 7],
    ["tenant", null],
    ["tenant", ["a"]],
    ["tenant", Object.create(null)],
    ["caller", ""],
    ["caller", "a\u001b[31m"],
    ["caller", "\u202eevil"],
    ["caller", "x".repeat(201)],
    ["caller", { toString: () => "root" }],
    ["timeoutMs", 0],
    ["timeoutMs", -1],
    ["timeoutMs", Number.NaN],
    ["timeoutMs", Number.POSITIVE_INFINITY],
    ["timeoutMs", 24 * 3_600_000 + 1],
    ["timeoutMs", "100"],
    ["timeoutMs", 5n],
    ["traceparent", "00-1-2-00"],
    ["traceparent", TRACE.replace("00-", "ff-")],
    ["traceparent", `00-${"0".repeat(32)}-${"b".repeat(16)}-01`],
    ["traceparent", `${TRACE}","x":"`],
    ["signal", {}],
    ["signal", { aborted: false }],
    ["signal", Symbol("x")],
    ["signal", Object.create(AbortSignal.prototype)],
    ["signal", new Proxy(new AbortController().signal, {})],
    [
      "signal",
      Object.assign(new AbortController().signal, {
        addEventListener: () => {
          throw new Error("no");
        },
      }),
    ],
    ["onTrace", "yes"],
    ["onProgress", {}],
  ])("refuses the %s %o", (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({
        code: "USAGE_INVALID",
        message: expect.stringContaining(`The option "${name}" is`),
      }),
    );
  });

  it.each([null, 7, "main", true])("refuses %j in place of options", (options) => {
    expect(() => read(options)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });

  it("does not begin a call whose signal has aborted, and keeps the reason", () => {
    const reason = new Error("changed my mind");
    expect(() => read({ signal: AbortSignal.abort(reason) })).toThrow(
      expect.objectContaining({ code: "CANCELLED", cause: reason }),
    );
  });
});
