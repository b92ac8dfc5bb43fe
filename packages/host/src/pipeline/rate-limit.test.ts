import { isPaddockError } from "@paddock/contract";
import { describe, expect, it } from "vitest";
import { makeLoadedPlugin } from "../../../../test/plugins/host-behaviours/loaded-plugin.js";
import type { PipelineCall } from "./pipeline.js";
import { MAX_BUCKETS, rateLimit } from "./rate-limit.js";

function make(rate: object) {
  const plugin = makeLoadedPlugin({ resize: {}, crop: {} }, { rate });
  const run = rateLimit(plugin)?.(async () => "ok");
  return async (more: Partial<PipelineCall> & { readonly name?: string } = {}) => {
    const { name = "resize", ...rest } = more;
    const given = {
      plugin,
      action: plugin.actions.get(name),
      tenant: "main",
      caller: undefined,
      chain: [],
      ...rest,
    };
    try {
      // Safe: the stage looks at nothing else of a call.
      return await run?.(given as unknown as PipelineCall);
    } catch (error) {
      return isPaddockError(error, "RATE_LIMITED") ? error.data.limit : error;
    }
  };
}

describe("rateLimit()", () => {
  it("is no stage at all where no rate is set", () => {
    expect(rateLimit(makeLoadedPlugin({ resize: {} }))).toBeUndefined();
  });

  it.each<readonly [string, Partial<PipelineCall> & { readonly name?: string }]>([
    ["tenant", { tenant: "other" }],
    ["caller", { caller: "ann" }],
    ["caller", { tenant: "other" }],
    ["caller", { chain: [{ id: "acme/front", permissions: {} }] }],
    ["action", { name: "crop" }],
  ])("counts by %s apart: %o", async (kind, other) => {
    const call = make({ [kind]: "1/h" });
    expect(await call()).toBe("ok");
    expect(await call()).toBe(kind);
    expect(await call(other)).toBe("ok");
    expect(await call(other)).toBe(kind);
  });

  it("counts for the plugin in all", async () => {
    const call = make({ plugin: "2/h" });
    expect(await call({ tenant: "a" })).toBe("ok");
    expect(await call({ name: "crop" })).toBe("ok");
    expect(await call({ caller: "ann" })).toBe("plugin");
  });

  it("cannot be passed by a caller who takes the name of a plugin", async () => {
    const call = make({ caller: "1/h" });
    expect(await call({ chain: [{ id: "acme/front", permissions: {} }] })).toBe("ok");
    expect(await call({ caller: "acme/front" })).toBe("ok");
    expect(await call({ chain: [{ id: "acme/front", permissions: {} }] })).toBe("caller");
  });

  it("takes nothing from one rate when another refuses", async () => {
    const call = make({ tenant: "1/h", plugin: "2/h" });
    expect(await call()).toBe("ok");
    for (let at = 0; at < 5; at++) expect(await call()).toBe("tenant");
    expect(await call({ tenant: "other" })).toBe("ok");
  });

  it("remembers a bounded number of callers", async () => {
    const call = make({ caller: "1/h" });
    for (let at = 0; at <= MAX_BUCKETS; at++) await call({ caller: `user-${at}` });
    expect(await call({ caller: `user-${MAX_BUCKETS}` })).toBe("caller");
    expect(await call({ caller: "user-0" })).toBe("ok");
  });
});
