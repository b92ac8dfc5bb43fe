import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { finish, paddock, paddockOnTerminal, startPaddock } from "./paddock.ts";

it.each([["rn"], ["validat"], ["initt", "x"]])(
  "an unknown command is refused with the nearest one: %s",
  async (...args) => {
    const { status, stderr, stdout } = await paddock(args);
    expect(status).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: Unknown command "\w+"\. \[USAGE_INVALID\]\nhint: Did you mean \w+\?\n$/);
  },
);

it.each([
  [["doctor", "--jsno"], "Did you mean --json?"],
  [["run"], "--help"],
  [["run", "a", "b", "c", "d"], "--help"],
  [["doctor", "--preset", "none"], "--help"],
])("a wrong use is refused with what to do: %j", async (args, hint) => {
  const { status, stderr } = await paddock(args);
  expect(status).toBe(64);
  expect(stderr).toContain("[USAGE_INVALID]");
  expect(stderr).toContain(hint);
});

it("a wrong use is one JSON value with --json", async () => {
  for (const args of [["--json"], ["rn", "--json"], ["--json", "doctor", "extra"]]) {
    const { status, stdout } = await paddock(args);
    expect(status).toBe(64);
    expect(JSON.parse(stdout).error.code).toBe("USAGE_INVALID");
  }
});

it("the version is that of the package", async () => {
  const manifest = readFileSync(new URL("../../../packages/cli/package.json", import.meta.url), "utf8");
  expect((await paddock(["--version"])).stdout.trim()).toBe(JSON.parse(manifest).version);
});

it.each(["init", "validate", "run", "posture", "doctor"])(
  "paddock %s --help has examples",
  async (command) => {
    const { status, stdout } = await paddock([command, "--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Usage: paddock [\s\S]*Examples:[\s\S]*\$ paddock/);
  },
);

it("colours are for terminals that want them", async () => {
  const introducer = "\u001b[";
  expect((await paddock(["--help"])).stdout).not.toContain(introducer);
  expect((await paddockOnTerminal(["--help"])).stdout).toContain(introducer);
  expect((await paddockOnTerminal(["--help", "--no-color"])).stdout).not.toContain(introducer);
  expect((await paddockOnTerminal(["--help"], { env: { NO_COLOR: "1" } })).stdout).not.toContain(introducer);
});

it("a reader that goes away is nothing to complain about", async () => {
  const child = startPaddock(["doctor", "--json"]);
  child.stdout?.destroy();
  const { status, stderr } = await finish(child);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

it("a stack is shown to who asks for it", async () => {
  const { stderr } = await paddock(["doctor", "--config", "/nowhere"], { env: { PADDOCK_DEBUG: "1" } });
  expect(stderr).toMatch(/^ +at /m);
});
