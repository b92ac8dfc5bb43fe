import { describe, expect, it } from "vitest";
import { compose, type PipelineCall, type Stage } from "./pipeline.js";

// Safe: the stages of these tests look at the payload only.
const call = (payload: unknown) => ({ payload }) as PipelineCall;

const noting =
  (name: string, notes: string[]): Stage =>
  (next) =>
  async (one) => {
    notes.push(`${name} down`);
    const answer = await next(one);
    notes.push(`${name} up`);
    return answer;
  };

describe("compose()", () => {
  it("goes down in the order of the list and up in the other", async () => {
    const notes: string[] = [];
    const run = compose([noting("a", notes), noting("b", notes)], async ({ payload }) => {
      notes.push("last");
      return payload;
    });
    expect(await run(call(7))).toBe(7);
    expect(notes).toEqual(["a down", "b down", "last", "b up", "a up"]);
  });

  it("is the last step alone when there are no stages", async () => {
    const last = async () => 1;
    expect(compose([], last)).toBe(last);
  });

  it("ends where a stage refuses", async () => {
    const notes: string[] = [];
    const refuse: Stage = () => () => Promise.reject(new Error("no"));
    const run = compose([noting("a", notes), refuse, noting("b", notes)], async () => notes.push("last"));
    await expect(run(call(1))).rejects.toThrow("no");
    expect(notes).toEqual(["a down"]);
  });

  it("lets a stage change the call and the answer", async () => {
    const double: Stage = (next) => async (one) =>
      `<${await next({ ...one, payload: Number(one.payload) * 2 })}>`;
    expect(await compose([double], async ({ payload }) => payload)(call(4))).toBe("<8>");
  });
});
