import { describe, expect, it } from "vitest";
import type { PipelineCall } from "./pipeline.js";
import { type ActionSchemas, type Validate, validate } from "./validate.js";

const ACTION = { name: "resize" };
// Safe: only the names and the payload are looked at.
const call = (payload: unknown) =>
  ({ payload, action: ACTION, plugin: { manifest: { id: "acme/thumbs" } } }) as PipelineCall;

const only =
  (allowed: unknown): Validate =>
  (value) =>
    value === allowed ? undefined : [{ path: "/width", message: "is no number" }];

function run(schemas: ActionSchemas | undefined, payload: unknown, answer: unknown): Promise<unknown> {
  return validate((action) => (action === ACTION ? schemas : undefined))(async () => answer)(call(payload));
}

describe("validate()", () => {
  it("lets everything through where nothing is asked", async () => {
    expect(await run(undefined, 1, 2)).toBe(2);
    expect(await run({ input: undefined, output: undefined }, 1, 2)).toBe(2);
  });

  it("lets through what fits", async () => {
    expect(await run({ input: only(1), output: only(2) }, 1, 2)).toBe(2);
  });

  it("refuses input before the call goes on, and blames the caller", async () => {
    let isCalled = false;
    const stage = validate(() => ({ input: only(1), output: undefined }));
    const pending = stage(async () => {
      isCalled = true;
    })(call("x"));
    await expect(pending).rejects.toMatchObject({
      code: "INPUT_INVALID",
      about: { fault: "caller" },
      message: 'The input of "resize" of "acme/thumbs" does not fit its schema: /width is no number.',
      data: { problems: [{ path: "/width", message: "is no number" }] },
    });
    expect(isCalled).toBe(false);
  });

  it("refuses an answer that breaks the plugin's own contract, and blames the plugin", async () => {
    await expect(run({ input: undefined, output: only(1) }, 1, 2)).rejects.toMatchObject({
      code: "OUTPUT_INVALID",
      about: { fault: "plugin" },
    });
  });

  it("leaves a failure of the call as it is", async () => {
    const stage = validate(() => ({ input: undefined, output: only(1) }));
    await expect(stage(() => Promise.reject(new Error("crashed")))(call(1))).rejects.toThrow("crashed");
  });
});
