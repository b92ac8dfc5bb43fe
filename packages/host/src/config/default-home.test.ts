import { expect, test } from "vitest";
import { defaultHome } from "./default-home.js";

test.each([
  [true, "/srv/state", "/var/lib/paddock"],
  [false, undefined, "/home/ada/.local/state/paddock"],
  [false, "/srv/state", "/srv/state/paddock"],
  [false, "state", "/home/ada/.local/state/paddock"],
])("defaultHome() for root: %j with XDG_STATE_HOME %j is %j", (isRoot, stateHome, home) =>
  expect(defaultHome({ isRoot, homeDirectory: "/home/ada", stateHome })).toBe(home),
);
