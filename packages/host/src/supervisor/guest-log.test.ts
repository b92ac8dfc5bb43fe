import type { LogParams } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { readLog } from "./guest-log.js";

const IDENTITY = { plugin: { manifest: { id: "acme/thumbs" } }, tenant: "shop-7" };
// Safe: what it is not is the point.
const read = (params: unknown, dropped = 0) => readLog(IDENTITY, params as LogParams, dropped);

describe("readLog()", () => {
  it("reads a line and says whose it is", () => {
    expect(read({ level: "warn", message: "hot", fields: { degrees: 80 } }, 3)).toEqual({
      plugin: "acme/thumbs",
      tenant: "shop-7",
      level: "warn",
      source: "log",
      message: "hot",
      fields: { degrees: 80 },
      dropped: 3,
    });
  });

  it.each([
    undefined,
    null,
    7,
    "text",
    [],
    {},
    { level: "info" },
    { message: 7 },
    { message: { toString: 1 } },
  ])("takes %j for no line", (params) => {
    expect(read(params)).toBeUndefined();
  });

  it.each(["fatal", "__proto__", 7, null, undefined, { toString: 1 }])(
    "reads the level %j as info",
    (level) => {
      expect(read({ level, message: "x" })?.level).toBe("info");
    },
  );

  it.each([[1], "text", 7, null, undefined])("reads the fields %j as none", (fields) => {
    expect(read({ level: "info", message: "x", fields })?.fields).toEqual({});
  });

  it("escapes and bounds the message", () => {
    const message = read({ level: "info", message: `\u001b[31m${"x".repeat(100_000)}` })?.message ?? "";
    expect(message.startsWith("\\u{1b}[31mxxx")).toBe(true);
    expect(message.length).toBeLessThan(8_100);
  });
});
