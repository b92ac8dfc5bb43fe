import { describe, expect, it } from "vitest";
import { MAX_BUFFERED_ITEMS } from "../bounded-reader.js";
import type { GuestLog } from "../supervisor/guest-log.js";
import { createLogBook, MAX_KEPT_CHARACTERS, MAX_KEPT_LINES, MAX_KEPT_PLUGINS } from "./log-book.js";

const line = (message: string, plugin = "acme/a"): GuestLog => ({
  plugin,
  tenant: "main",
  level: "info",
  source: "log",
  message,
  fields: {},
  dropped: 0,
});
const messages = (records: readonly { readonly message: string }[]) => records.map(({ message }) => message);

describe("a log book", () => {
  it("keeps the newest lines of each plugin, numbered and in order", () => {
    const book = createLogBook(() => new Date(0));
    for (const one of [line("1"), line("2", "acme/b"), line("3")]) book.add(one);
    expect(messages(book.last(10))).toEqual(["1", "2", "3"]);
    expect(messages(book.last(1, "acme/a"))).toEqual(["3"]);
    expect(book.last(0)).toEqual([]);
    expect(book.last(1)[0]).toMatchObject({ number: 3, at: "1970-01-01T00:00:00.000Z" });
  });

  it("does not let a plugin that floods push out another's lines, or grow without bound", () => {
    const book = createLogBook();
    book.add(line("quiet", "acme/b"));
    for (let at = 0; at < MAX_KEPT_LINES * 3; at++) book.add(line(String(at)));
    expect(book.last(10_000, "acme/a")).toHaveLength(MAX_KEPT_LINES);
    expect(messages(book.last(10, "acme/b"))).toEqual(["quiet"]);
    for (let at = 0; at < 100; at++) book.add(line("x".repeat(8_000)));
    expect(messages(book.last(1_000, "acme/a")).join("").length).toBeLessThanOrEqual(MAX_KEPT_CHARACTERS);
  });

  it("forgets the plugin that was silent longest when there are too many", () => {
    const book = createLogBook();
    for (let at = 0; at <= MAX_KEPT_PLUGINS; at++) book.add(line("x", `acme/p${at}`));
    expect(book.last(1, "acme/p0")).toEqual([]);
    expect(book.last(1, "acme/p1")).toHaveLength(1);
  });

  it("tells a follower who was too slow how much it lost", async () => {
    const book = createLogBook();
    const stop = new AbortController();
    const reader = book.follow(stop.signal, "acme/a")[Symbol.asyncIterator]();
    for (let at = 0; at < MAX_BUFFERED_ITEMS + 5; at++) book.add(line(String(at)));
    book.add(line("other", "acme/b"));
    expect(await reader.next()).toMatchObject({ value: { message: "5", dropped: 5 } });
    expect(await reader.next()).toMatchObject({ value: { message: "6", dropped: 0 } });
    for (let at = 2; at < MAX_BUFFERED_ITEMS; at++) await reader.next();
    const next = reader.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("ends its followers when it closes", async () => {
    const book = createLogBook();
    const next = book.follow(new AbortController().signal)[Symbol.asyncIterator]().next();
    book.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
