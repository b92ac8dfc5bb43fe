import { describe, expect, it } from "vitest";
import { type ChainLink, rightsAlongChain } from "./call-chain.js";

const link = (permissions: ChainLink["permissions"]): ChainLink => ({ id: "acme/front", permissions });
const profile = (...fields: string[]) => ({ "user.profile": { fields } });

describe("rightsAlongChain()", () => {
  it("leaves a plugin its own rights, whoever called it", () => {
    const own = { hosts: ["api.example:443"], methods: ["GET"] };
    expect(rightsAlongChain("net.fetch", own, [link({})])).toBe(own);
  });

  it("leaves them whole where the application calls", () => {
    const own = { fields: ["displayName", "email"] };
    expect(rightsAlongChain("user.profile", own, [])).toBe(own);
  });

  it.each<readonly [string, readonly ChainLink[], readonly string[] | undefined]>([
    ["what every plugin on the way has", [link(profile("email", "phone"))], ["email"]],
    ["nothing when one of them has nothing", [link(profile("email")), link({})], undefined],
    ["nothing when they have nothing in common", [link(profile("phone"))], undefined],
    [
      "what is left after all of them",
      [link(profile("displayName", "email")), link(profile("email"))],
      ["email"],
    ],
    ["nothing of what only looks like a right", [link(Object.create(profile("email")))], undefined],
  ])("gives of what belongs to a person %s", (_what, chain, fields) => {
    const own = { fields: ["displayName", "email"] };
    expect(rightsAlongChain("user.profile", own, chain)).toEqual(
      fields === undefined ? undefined : { fields },
    );
  });

  it("gives the smaller of two amounts", () => {
    const chain = [link({ "ui.notify": { perHour: 3 } })];
    expect(rightsAlongChain("ui.notify", { perHour: 10 }, chain)).toEqual({ perHour: 3 });
    expect(rightsAlongChain("ui.notify", { perHour: 2 }, chain)).toEqual({ perHour: 2 });
  });
});
