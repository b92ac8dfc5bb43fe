import { PaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { toSetupError } from "./setup-error.js";

const systemError = (code: string) => Object.assign(new Error(`${code}: no luck, spawn`), { code });

describe("toSetupError()", () => {
  it.each([
    ["EMFILE", "HOST_EXHAUSTED", "ulimit -n"],
    ["ENFILE", "HOST_EXHAUSTED", "fs.file-max"],
    ["EAGAIN", "HOST_EXHAUSTED", "ulimit -u"],
    ["ENOMEM", "HOST_EXHAUSTED", "memory"],
    ["ENOSPC", "STORE_FAILED", "disk space"],
    ["EDQUOT", "STORE_FAILED", "disk space"],
    ["ENOENT", "SETUP_FAILED", "paddock doctor"],
    ["EPERM", "SETUP_FAILED", "paddock doctor"],
  ])("makes of %s a %s with a hint that fits", (errno, code, hint) => {
    const cause = systemError(errno);
    expect(toSetupError(cause, "acme.probe")).toMatchObject({
      code,
      cause,
      hint: expect.stringContaining(hint),
      message: expect.stringContaining('Cannot start "acme.probe"'),
    });
  });

  it("leaves an error that has a code of ours as it is", () => {
    const error = new PaddockError("HOST_CLOSED", "The host is closed.");
    expect(toSetupError(error, "acme.probe")).toBe(error);
  });

  it("says that time ran out", async () => {
    const signal = AbortSignal.timeout(1);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    expect(toSetupError(signal.reason, "acme.probe")).toMatchObject({
      code: "SETUP_FAILED",
      message: expect.stringContaining("in time"),
    });
  });

  it.each(["a text", undefined, null, 7])("takes %j, which is no error", (thrown) => {
    expect(toSetupError(thrown, "acme.probe")).toMatchObject({ code: "SETUP_FAILED" });
  });
});
