import { join } from "node:path";
import { createHost } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("The end of a guest, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards } });
  });
  afterAll(async () => arena?.close());

  test.each([
    { way: "exit0", code: "CRASHED" },
    { way: "exit137", code: "CRASHED" },
    // Only the guest itself is blamed for what it pretends.
    { way: "exit159", code: "SECCOMP_VIOLATION" },
    { way: "reallyExit", code: "CRASHED" },
    { way: "abort", code: "CRASHED" },
    { way: "throwsLater", code: "CRASHED" },
    { way: "rejectsLater", code: "CRASHED" },
    { way: "overflow", code: "PLUGIN_BUG" },
    { way: "pretends", code: "MEMORY_LIMIT" },
  ])("ends-itself is told apart: $way", async ({ way, code }) => {
    const others = arena.attack("bystander", 1);
    expect(await arena.attack("ends-itself", { way }, { tenant: way })).toMatchObject({
      kind: "refused",
      code,
    });
    expect(await others).toMatchObject({ kind: "answered" });
    await arena.assertUnharmed();
  });

  test("a guest that exits is started again for the next call", async () => {
    for (let at = 0; at < 3; at++) {
      expect(await arena.attack("ends-itself", { way: "exit0" })).toMatchObject({
        kind: "refused",
        code: "CRASHED",
      });
    }
    await arena.assertUnharmed();
  });

  test("exits-at-top-level fails to start", async () => {
    expect(await arena.attack("exits-at-top-level")).toMatchObject({ kind: "refused", code: "START_FAILED" });
    await arena.assertUnharmed();
  });

  test("a plugin that always fails to start is left alone after a while", async () => {
    await using host = await createHost({ home: join(arena.home, "..", "patient"), interpreter: { guards } });
    await host.load(join(import.meta.dirname, "../plugins/exits-at-top-level"));
    const codes = new Set<unknown>();
    for (let at = 0; at < 12; at++)
      codes.add(
        await host
          .call("attacker/exits-at-top-level", "attack")
          .catch((error: { code: string }) => error.code),
      );
    expect(codes).toEqual(new Set(["START_FAILED", "PLUGIN_UNAVAILABLE"]));
  });
});
