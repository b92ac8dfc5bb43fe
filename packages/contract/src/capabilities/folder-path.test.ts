import { expect, test } from "vitest";
import { ABSOLUTE_PATH_PATTERN, isPrivatePath, isProgramPath, pathCovers } from "./folder-path.js";

test.each(["/", "/srv/pictures", "/srv/.well-known", "/srv/ä b/c.txt", "/srv/..."])("%j is a path", (path) =>
  expect(ABSOLUTE_PATH_PATTERN.test(path)).toBe(true),
);

test.each([
  "",
  "srv",
  "//srv",
  "/srv/",
  "/srv//x",
  "/srv/../etc",
  "/srv/.",
  "/..",
  "/a\0",
  "/a\nb",
  "/a\\b",
  "~/x",
])("%j is not a path", (path) => expect(ABSOLUTE_PATH_PATTERN.test(path)).toBe(false));

test.each([
  ["/srv", "/srv", true],
  ["/srv", "/srv/a/b", true],
  ["/srv", "/srvx", false],
  ["/srv/a", "/srv", false],
  ["/", "/etc", true],
])("pathCovers(%j, %j) is %j", (allowed, asked, isInside) =>
  expect(pathCovers(allowed, asked)).toBe(isInside),
);

test.each([
  ["/srv/pictures", false, false],
  ["/home/ada/pictures", true, false],
  ["/home/ada", true, true],
  ["/srv/.git", true, true],
  ["/etc/cron.d", true, true],
  ["/", true, true],
  ["/usr/local/bin", false, true],
  ["/srv/app/node_modules/x", false, true],
  ["/srv/app/bin", false, true],
  ["/proc/1/root", true, true],
])("%j: private %j, program %j", (path, isPrivate, isProgram) => {
  expect(isPrivatePath(path)).toBe(isPrivate);
  expect(isProgramPath(path)).toBe(isProgram);
});
