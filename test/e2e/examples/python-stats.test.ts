import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../architecture/repository.ts";
import { createPlace, type Place } from "./place.ts";
import { runShell } from "./run-shell.ts";

const ID = "paddock-examples/python-stats";
const FOLDER = `${ROOT}/examples/python-stats`;
const ZONES = `${FOLDER}/zones.csv`;

let place: Place;
let host: Host;
beforeAll(async () => {
  place = await createPlace();
  host = await createHost({ home: `${place.home}/library` });
  await host.load(FOLDER);
});
afterAll(async () => {
  await host.close();
  await place[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: what the plugin answers is what each test says of it.
const call = (action: string, payload: unknown, options = {}): Promise<any> =>
  host.call(ID, action, payload, options);

describe("the example python-stats", () => {
  it("describes a real table", async () => {
    const { rows, columns } = await call("describe", null);
    const lines = (await readFile(ZONES, "utf8")).trim().split("\n").slice(1);
    const latitudes = lines.map((line) => Number(line.split(",")[2]));
    const mean = latitudes.reduce((sum, each) => sum + each, 0) / latitudes.length;
    expect(rows).toBe(lines.length);
    expect(columns.zone).toMatchObject({ kind: "text", distinct: rows, missing: 0 });
    expect(Object.keys(columns.country.common)[0]).toBe("US");
    expect(columns.latitude).toMatchObject({ kind: "number", min: Math.min(...latitudes) });
    expect(columns.latitude.mean).toBeCloseTo(mean, 5);
  });

  it("takes the same table as text, bytes, a stream and a file", async () => {
    const text = await readFile(ZONES, "utf8");
    const expected = await call("describe", null);
    for (const payload of [text, Buffer.from(text), Readable.toWeb(createReadStream(ZONES))]) {
      expect(await call("describe", payload)).toEqual(expected);
    }
    expect(await call("describe", null, { files: { "zones.csv": ZONES } })).toEqual(expected);
  });

  it("streams rows, and tells what it cannot do by its own errors", async () => {
    const far: string[] = [];
    for await (const row of await call("outliers", { column: "latitude" })) far.push(row.zone);
    expect(far).toContain("Antarctica/Vostok");
    await expect(call("describe", "a,b\n1\n")).rejects.toMatchObject({
      code: "PLUGIN_ERROR",
      data: { pluginCode: "NOT_A_TABLE" },
    });
  });

  it("runs from the command line, as its page says", async () => {
    const page = await readFile(`${FOLDER}/README.md`, "utf8");
    const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, command = ""]) => command.trim());
    expect(commands).toHaveLength(2);
    const answers = [];
    for (const command of commands) {
      const { exitCode, output } = await runShell(`${command} 2>/dev/null`, place.home);
      expect([command, exitCode]).toEqual([command, 0]);
      answers.push(JSON.parse(output));
    }
    expect(answers[0]).toEqual(answers[1]);
  });
});
