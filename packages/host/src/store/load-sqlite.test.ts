import { expect, test, vi } from "vitest";
import { loadSqlite } from "./load-sqlite.js";

test("loadSqlite() is quiet, and leaves everybody else's warnings alone", () => {
  const emitted: unknown[] = [];
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => emitted.push(warning));
  const before = process.emitWarning;
  expect(new (loadSqlite().DatabaseSync)(":memory:").isOpen).toBe(true);
  expect(process.emitWarning).toBe(before);
  process.emitWarning("Something else");
  expect(emitted).toEqual(["Something else"]);
  spy.mockRestore();
});
