import { describe, expect, it, vi } from "vitest";
import { ERRORS, type ErrorCode } from "./errors.js";
import { isPaddockError, PaddockError, toPaddockError } from "./paddock-error.js";

const SECRET = "/root/secret";

function createError(): PaddockError {
  return new PaddockError("TIMEOUT", 'Cannot run "resize" of "acme/thumbs": no answer within 500 ms.', {
    hint: "Raise limits.timeout.",
    data: { timeoutMs: 500 },
    cause: new Error(SECRET),
  });
}

describe("PaddockError", () => {
  it("is an Error with a code, a hint, data and the row of the table", () => {
    const error = createError();
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("PaddockError");
    expect(error.about).toBe(ERRORS.TIMEOUT);
    expect(error).toMatchObject({ code: "TIMEOUT", hint: "Raise limits.timeout.", data: { timeoutMs: 500 } });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("has no hint, empty data and no cause when none are given", () => {
    const error = new PaddockError("INTERNAL", "Oh.");
    expect([error.hint, error.data, "cause" in error]).toEqual([undefined, {}, false]);
  });

  it("takes neither stack nor cause into JSON", () => {
    const json = JSON.parse(JSON.stringify(createError()));
    expect(json).toEqual({
      code: "TIMEOUT",
      message: 'Cannot run "resize" of "acme/thumbs": no answer within 500 ms.',
      hint: "Raise limits.timeout.",
      fault: "plugin",
      retryable: true,
      data: { timeoutMs: 500 },
    });
    expect(JSON.stringify(createError())).not.toContain(SECRET);
  });

  it("takes only its title to users, never the plugin's words", () => {
    expect(createError().userMessage).toBe("The plugin did not answer in time.");
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])("%s has problem details after RFC 9457", (code) => {
    const problem = new PaddockError(code, SECRET, { hint: SECRET, data: { path: SECRET } }).toProblem(
      "/calls/7",
    );
    expect(problem).toEqual({
      type: expect.stringMatching(/^urn:paddock:error:[a-z]+(-[a-z]+)*$/),
      title: ERRORS[code].title,
      status: ERRORS[code].http,
      code,
      retryable: ERRORS[code].retryable,
      instance: "/calls/7",
    });
  });

  it("leaves the instance out of a problem when there is none", () => {
    expect(createError().toProblem()).not.toHaveProperty("instance");
  });
});

describe("isPaddockError()", () => {
  it("knows its own errors, with a code only those of that code", () => {
    const error = createError();
    expect([
      isPaddockError(error),
      isPaddockError(error, "TIMEOUT"),
      isPaddockError(error, "CRASHED"),
    ]).toEqual([true, true, false]);
  });

  it("knows the errors of another copy of this package", async () => {
    vi.resetModules();
    const other = await import("./paddock-error.js");
    expect(other.PaddockError).not.toBe(PaddockError);
    const error = new other.PaddockError("CRASHED", "It crashed.");
    expect(error).not.toBeInstanceOf(PaddockError);
    expect(isPaddockError(error, "CRASHED")).toBe(true);
    expect(other.isPaddockError(createError(), "TIMEOUT")).toBe(true);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "TIMEOUT"],
    ["another error", new Error("TIMEOUT")],
    ["a look-alike without the brand", { name: "PaddockError", code: "TIMEOUT" }],
    ["a brand without a code", { [Symbol.for("paddock.error")]: true }],
    ["a brand with an unknown code", { [Symbol.for("paddock.error")]: true, code: "constructor" }],
    ["parsed JSON of one of ours", JSON.parse(JSON.stringify(createError()))],
  ])("does not take %s for one", (_, value) => {
    expect(isPaddockError(value)).toBe(false);
  });
});

describe("toPaddockError()", () => {
  it("gives back one of ours as it is", () => {
    const error = createError();
    expect(toPaddockError(error, "do it")).toBe(error);
  });

  it.each([
    [new Error("boom"), "Cannot do it: boom"],
    ["a text", "Cannot do it: a text"],
    [undefined, "Cannot do it: undefined"],
  ])("makes INTERNAL of %s and keeps it as the cause", (thrown, message) => {
    const error = toPaddockError(thrown, "do it");
    expect(error).toMatchObject({ code: "INTERNAL", message });
    expect(error.cause).toBe(thrown);
  });
});
