import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";
import { CALL, LATER } from "./request-ids.js";

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("acts-for-others, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards } });
    for (const tenant of ["one", "two"]) await act(tenant, { way: "keep", value: `data of ${tenant}` });
  });
  afterAll(async () => arena?.close());

  const act = (tenant: string, payload: object) =>
    arena.attack("acts-for-others", payload, { tenant, timeoutMs: 5_000 });

  test("keeps the tenants' data, memory and guests apart", async () => {
    for (const tenant of ["one", "two"]) {
      expect(await act(tenant, { way: "read" })).toEqual({ kind: "answered", value: `data of ${tenant}` });
      expect(await act(tenant, { way: "memory" })).toEqual({
        kind: "answered",
        value: [`data of ${tenant}`],
      });
    }
    const pids = (await arena.host.posture("attacker/acts-for-others")).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(2);
  });

  test.each(["afterwards", "background"])("has no rights of a call that is over: %s", async (way) => {
    expect(await act("one", { way })).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("not live"),
    });
  });

  test("cannot write for a tenant whose calls it guesses", async () => {
    expect(await act("one", { way: "guess", calls: [CALL, ...LATER] })).toMatchObject({ kind: "answered" });
    expect(await act("two", { way: "read" })).toEqual({ kind: "answered", value: "data of two" });
    await arena.assertUnharmed();
  });

  test.each(["../one", "a/b", "", ".", "one\0", "one\n", "x".repeat(65), "__proto__/"])(
    "refuses a tenant's name that is a path: %j",
    async (tenant) => {
      expect(await act(tenant, { way: "read" })).toMatchObject({ kind: "refused", code: "USAGE_INVALID" });
    },
  );
});
