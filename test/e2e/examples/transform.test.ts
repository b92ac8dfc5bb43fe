import { readFile } from "node:fs/promises";
import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../../examples/transform/app.ts";
import { ROOT } from "../../architecture/repository.ts";
import { createPlace, type Place } from "./place.ts";

const FOLDER = `${ROOT}/examples/transform`;
const TIMEOUT_MS = 1_500;

let place: Place;
let host: Host;
let app: ReturnType<typeof createApp>;
let items: readonly string[];
beforeAll(async () => {
  place = await createPlace();
  host = await createHost({ home: place.home });
  for (const name of ["rules", "stuck", "curious"]) {
    await host.load(`${FOLDER}/plugins/${name}`);
    await host.start(`customer/${name}`);
  }
  app = createApp(host, TIMEOUT_MS);
  items = (await readFile(`${FOLDER}/data/tz-rules.txt`, "utf8")).trimEnd().split("\n");
});
afterAll(async () => {
  await app.close();
  await host.close();
  await place[Symbol.asyncDispose]();
});

const transform = (name: string, body: object) =>
  app.inject({ method: "POST", url: `/transform/${name}`, payload: body });

describe("the example transform", () => {
  it("transforms a thousand real items in one call", async () => {
    expect(items).toHaveLength(1_000);
    const answer = await transform("rules", { items });
    expect(answer.statusCode).toBe(200);
    const body = answer.json();
    expect(body.refused).toEqual([]);
    expect(body.items).toHaveLength(1_000);
    expect(body.items[0]).toEqual({
      ...{ name: "d", from: 1916, to: 1916, month: 6, day: "14", time: "23s" },
      ...{ saveMinutes: 60, letters: "S" },
    });
  });

  it("names the items that are none", async () => {
    const answer = await transform("rules", { items: [items[0], "nonsense", items[1]] });
    expect(answer.json()).toMatchObject({ refused: [1], items: [{ name: "d" }, { name: "d" }] });
  });

  it("answers 504 for a transformation that never ends, and goes on", async () => {
    const answer = await transform("stuck", { items: [] });
    expect(answer.statusCode).toBe(504);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json()).toMatchObject({ status: 504, code: "TIMEOUT" });
    expect((await transform("rules", { items: items.slice(0, 3) })).statusCode).toBe(200);
  });

  it("answers 403 for a transformation that asks for what it was not granted", async () => {
    const answer = await transform("curious", { items: [] });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: "CAPABILITY_NOT_DECLARED" });
  });

  it("answers 400 for items that are none, and 404 for a transformation that is not there", async () => {
    expect((await transform("rules", { items: [1] })).statusCode).toBe(400);
    expect((await transform("rules", { items: "x" })).statusCode).toBe(400);
    expect((await transform("rules", { items: [], more: 1 })).statusCode).toBe(400);
    expect((await transform("none", { items: [] })).statusCode).toBe(404);
  });
});
