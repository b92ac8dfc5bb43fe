import { describe, expect, it } from "vitest";
import { assertEnvironment, canMount, readHostLimits } from "./environment.js";

describe("assertEnvironment()", () => {
  it.each(["x64", "arm64"])("lets the main thread on linux-%s through", (arch) => {
    expect(() => assertEnvironment("linux", arch, true)).not.toThrow();
  });

  it.each([
    ["darwin", "arm64", true, /docker run --rm .* node:24-bookworm/, /on darwin/],
    ["win32", "x64", true, /devcontainer/, /on win32/],
    ["freebsd", "x64", true, /docker run/, /on freebsd/],
    ["linux", "ia32", true, undefined, /on ia32/],
    ["linux", "riscv64", true, undefined, /on riscv64/],
    ["linux", "x64", false, /main thread/, /worker thread/],
  ] as const)("refuses %s on %s (main thread: %s)", (platform, arch, onMainThread, hint, message) => {
    expect(() => assertEnvironment(platform, arch, onMainThread)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_PLATFORM",
        message: expect.stringMatching(message),
        hint: hint === undefined ? undefined : expect.stringMatching(hint),
      }),
    );
  });
});

describe("readHostLimits()", () => {
  it("knows the hard limits of this process by the kernel's names", () => {
    const limits = readHostLimits();
    expect([...limits.keys()]).toEqual(
      expect.arrayContaining(["data size", "processes", "open files", "file size", "cpu time", "stack size"]),
    );
  });
});

describe("canMount()", () => {
  it("is a right of root alone", () => {
    if (process.getuid?.() !== 0) expect(canMount()).toBe(false);
    else expect(typeof canMount()).toBe("boolean");
  });
});
