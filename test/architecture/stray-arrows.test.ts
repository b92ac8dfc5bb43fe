import { expect, it } from "vitest";
import { strayArrows } from "./stray-arrows.ts";

const KEPT = [
  ["packages/host/src/host.ts", "./isolation/process/process.js"],
  ["packages/host/src/supervisor/supervisor.ts", "../isolation/isolation.js"],
  ["packages/host/src/runtimes/node.ts", "../isolation/isolation.js"],
  ["packages/host/src/isolation/process/launch.ts", "../isolation.js"],
  ["packages/host/src/config/resolve-config.ts", "@paddock/contract"],
  ["packages/cli/src/run.ts", "@paddock/host"],
  ["packages/cli/src/run.ts", "commander"],
  ["packages/cli/src/run.ts", "node:fs"],
];

const STRAY = [
  ["packages/host/src/config/a.ts", "../supervisor/b.js", "it does not go to a lower floor"],
  ["packages/host/src/isolation/process/a.ts", "../../permissions/b.js", "it does not go to a lower floor"],
  ["packages/contract/src/a.ts", "@paddock/host", "it does not go to a lower floor"],
  [
    "packages/host/src/isolation/process/a.ts",
    "../container/b.js",
    "siblings under a port do not know each other",
  ],
  ["packages/host/src/runtimes/node.ts", "./python.js", "siblings under a port do not know each other"],
  ["packages/cli/src/a.ts", "../../host/src/host.js", "it reaches into another package"],
  ["packages/cli/src/a.ts", "@paddock/host/dist/host.js", "only a package's doors may be imported"],
  ["packages/contract/src/errors.ts", "./index.js", "a door is used from outside only"],
  ["packages/new/src/a.ts", "node:fs", "the file is in no room of the table"],
];

it.each(KEPT)("strayArrows() lets %s import %s", (file = "", specifier = "") => {
  expect(strayArrows([{ file, specifier }])).toEqual([]);
});

it.each(STRAY)("strayArrows() names %s -> %s", (file = "", specifier = "", why) => {
  expect(strayArrows([{ file, specifier }])).toEqual([
    expect.stringMatching(new RegExp(`^${file} -> .*: ${why}$`)),
  ]);
});
