import { createHost, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  LISTED_MAX,
  type LicenceReport,
  reportLicences,
} from "../../../examples/licences/src/report-licences.ts";
import { ROOT, readRepositoryFile } from "../../architecture/repository.ts";
import { createPlace, type Place } from "./place.ts";
import { runShell } from "./run-shell.ts";

let place: Place;
let host: Host;
beforeAll(async () => {
  place = await createPlace();
  host = await createHost({ home: place.home });
  await host.load(`${ROOT}/examples/licences`);
});
afterAll(async () => {
  await host.close();
  await place[Symbol.asyncDispose]();
});

const report = (lockfile: unknown) => host.call("paddock-examples/licences", "report", lockfile);

describe("the example licences", () => {
  it("reports this repository's own lockfile from the command line", async () => {
    const command = "npx paddock run examples/licences report @package-lock.json --json 2>/dev/null";
    const { exitCode, output } = await runShell(command, `${place.home}-of-command`);
    expect(exitCode).toBe(0);
    // The command's promise: one JSON value.
    const { licences, packages } = JSON.parse(output) as LicenceReport;
    expect(packages).toBeGreaterThan(100);
    expect(licences[0]).toMatchObject({ licence: "MIT" });
    expect(licences.find(({ licence }) => licence === "Apache-2.0")?.packages.join()).toContain(
      "typescript@",
    );
  });

  it("says behind the walls what the same code says without", async () => {
    const lockfile = JSON.parse(readRepositoryFile("package-lock.json"));
    expect(await report(lockfile)).toEqual(reportLicences(lockfile.packages));
  });

  it("refuses what is not a lockfile with its own error", async () => {
    const error = { code: "PLUGIN_ERROR", data: { pluginCode: "NOT_A_LOCKFILE" } };
    await expect(report({ dependencies: {} })).rejects.toMatchObject(error);
  });

  it("answers for a lockfile of any size within one message", async () => {
    const entries = Array.from({ length: 5_000 }, (_, index) => [
      `node_modules/package-${index}`,
      { version: "1.0.0" },
    ]);
    const { packages, unknown, omitted } = (await report({
      packages: Object.fromEntries(entries),
    })) as LicenceReport;
    expect({ packages, unknown: unknown.length, omitted }).toEqual({
      packages: 5_000,
      unknown: LISTED_MAX,
      omitted: 5_000 - LISTED_MAX,
    });
  });
});

describe("reportLicences()", () => {
  it.each([
    ["a plain name", { license: "MIT" }, "MIT"],
    ["the form of old packages", { license: { type: "BSD" } }, "BSD"],
    ["a list of them", { licenses: [{ type: "MIT" }, { type: "GPL-2.0" }] }, "MIT OR GPL-2.0"],
  ])("reads %s", (_what, entry, licence) => {
    const { licences } = reportLicences({ "node_modules/a": { version: "1.0.0", ...entry } });
    expect(licences).toEqual([{ licence, count: 1, packages: ["a@1.0.0"] }]);
  });

  it("counts no projects, folders and links, and what is installed twice only once", () => {
    const entry = { version: "1.0.0", license: "MIT" };
    const found = reportLicences({
      "": { name: "project" },
      "packages/own": { version: "1.0.0" },
      "node_modules/own": { link: true },
      "node_modules/a": entry,
      "node_modules/b/node_modules/a": entry,
      "node_modules/c": { ...entry, name: "@real/c", version: "2.0.0" },
      "node_modules/d": "not an entry",
    });
    expect(found.packages).toBe(2);
    expect(found.licences[0]?.packages).toEqual(["@real/c@2.0.0", "a@1.0.0"]);
  });

  it("names packages in several versions and those without a licence", () => {
    const found = reportLicences({
      "node_modules/a": { version: "1.0.0", license: "MIT" },
      "node_modules/b/node_modules/a": { version: "2.0.0", license: "MIT" },
      "node_modules/b": { version: "1.0.0" },
    });
    expect(found.duplicates).toEqual([{ name: "a", versions: ["1.0.0", "2.0.0"] }]);
    expect(found.unknown).toEqual(["b@1.0.0"]);
  });
});
