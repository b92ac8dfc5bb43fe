import { ERRORS, type ErrorCode, isPaddockError, MAX_ERROR_CHARACTERS } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import type { GuestEnd } from "../isolation/isolation.js";
import { endError, recycledError, replyError } from "./guest-errors.js";
import type { LoadedAction, LoadedPlugin } from "./plugin.js";

const ACTION: LoadedAction = {
  name: "resize",
  nameJson: '"resize"',
  isIdempotent: false,
  timeoutMs: 1_000,
  errors: { NOT_A_PICTURE: "The upload is not an image." },
};
// Safe: of the plugin only its id is looked at.
const IDENTITY = { plugin: { manifest: { id: "acme/thumbs" } } as LoadedPlugin };

/** What a guest may claim about its own failure. */
const CLAIMABLE: readonly ErrorCode[] = [
  "PLUGIN_BUG",
  "ACTION_NOT_FOUND",
  "INPUT_INVALID",
  "OUTPUT_INVALID",
  "RESULT_TOO_LARGE",
  "START_FAILED",
  "PLUGIN_MISMATCH",
  "DISK_LIMIT",
  "MEMORY_LIMIT",
  "CANCELLED",
];

const reply = (message: string, data?: object, action: LoadedAction | undefined = ACTION) =>
  replyError(IDENTITY, action, {
    code: -32_000,
    message,
    ...(data === undefined ? {} : { data: { ...data } }),
  });

describe("replyError()", () => {
  it.each((Object.keys(ERRORS) as ErrorCode[]).filter((code) => code !== "PLUGIN_ERROR"))(
    "takes %s from a guest only where it is its own to say",
    (code) => {
      expect(reply("x", { code }).code).toBe(CLAIMABLE.includes(code) ? code : "PLUGIN_BUG");
    },
  );

  it.each([undefined, {}, { code: "NOPE" }, { code: "__proto__" }, { code: 7 }])(
    "makes a bug of the plugin of a failure with %j",
    (data) => {
      expect(reply("boom", data)).toMatchObject({
        code: "PLUGIN_BUG",
        message: 'Cannot run "resize" of "acme/thumbs": boom.',
        hint: "The plugin's log has the stack.",
      });
    },
  );

  it("hands on a code that the manifest declares, with its meaning and the details", () => {
    const error = reply("no", { code: "PLUGIN_ERROR", pluginCode: "NOT_A_PICTURE", details: { page: 3 } });
    expect(error).toMatchObject({
      code: "PLUGIN_ERROR",
      hint: "The upload is not an image.",
      data: { plugin: "acme/thumbs", action: "resize", pluginCode: "NOT_A_PICTURE", details: { page: 3 } },
    });
  });

  it.each([
    ["OTHER"],
    ["constructor"],
    ["__proto__"],
    [""],
    [undefined],
    [{ toString: "x" }],
    [["NOT_A_PICTURE"]],
  ])("makes a bug of a code that it does not declare: %j", (pluginCode) => {
    expect(reply("no", { code: "PLUGIN_ERROR", pluginCode }).code).toBe("PLUGIN_BUG");
  });

  it.each([
    ["CAPABILITY_NOT_GRANTED", "CAPABILITY_NOT_GRANTED"],
    ["CAPABILITY_NOT_DECLARED", "CAPABILITY_NOT_DECLARED"],
    ["POLICY_DENIED", "CAPABILITY_NOT_DECLARED"],
  ])("calls a denial that nobody caught a denial: %s", (denial, code) => {
    expect(reply("x", { code: "PLUGIN_BUG", capability: "net.fetch", denial }).code).toBe(code);
    expect(reply("x", { code: "PLUGIN_BUG", capability: "no.such", denial }).code).toBe("PLUGIN_BUG");
  });

  it("calls a bug before the handshake a failed start", () => {
    const failed = replyError(IDENTITY, undefined, { code: 1, message: "boom" });
    expect(failed).toMatchObject({ code: "START_FAILED", message: 'Cannot start "acme/thumbs": boom.' });
  });

  it("bounds and escapes what the guest said", () => {
    const { message, hint } = reply(`\u001b[2J${"x".repeat(100_000)}`, {
      code: "PLUGIN_ERROR",
      pluginCode: `\u202e${"y".repeat(1_000)}`,
    });
    expect(message.length).toBeLessThan(MAX_ERROR_CHARACTERS + 100);
    expect(message).toContain("\\u{1b}[2J");
    expect(hint?.length).toBeLessThan(200);
    expect(hint).not.toContain("\u202e");
  });
});

const end = (code: GuestEnd["code"]): GuestEnd => ({
  code,
  message: "it fell over",
  hint: "Help it up.",
  evidence: { exitCode: 1, signal: undefined, lastLines: ["ouch"] },
});

describe("endError()", () => {
  it.each([
    [undefined, undefined, "CRASHED"],
    ["CRASHED", undefined, "CRASHED"],
    ["MEMORY_LIMIT", undefined, "MEMORY_LIMIT"],
    [undefined, "START_FAILED", "START_FAILED"],
    ["CRASHED", "START_FAILED", "START_FAILED"],
    ["KILLED", "START_FAILED", "START_FAILED"],
    ["MEMORY_LIMIT", "START_FAILED", "MEMORY_LIMIT"],
    ["SECCOMP_VIOLATION", "START_FAILED", "SECCOMP_VIOLATION"],
  ] as const)("for an end of %s while %s is %s", (code, startingCode, expected) => {
    const error = endError(
      IDENTITY,
      end(code),
      startingCode,
      startingCode === undefined ? ACTION : undefined,
    );
    expect(error).toMatchObject({
      code: expected,
      hint: "Help it up.",
      data: { evidence: { lastLines: ["ouch"] } },
    });
    expect(error.message).toMatch(/^Cannot (start|run "resize" of) "acme\/thumbs": it fell over\.$/);
  });
});

describe("recycledError()", () => {
  it.each([
    [undefined, "CRASHED"],
    ["MEMORY_LIMIT", "MEMORY_LIMIT"],
  ] as const)("tells the innocent that the cause was %s", (code, cause) => {
    const error = recycledError(IDENTITY, ACTION, end(code));
    expect(isPaddockError(error, "GUEST_RECYCLED")).toBe(true);
    expect(error).toMatchObject({ about: { retryable: true }, data: { cause } });
  });
});
