import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";
import { code, openSpoiledFolders, type SpoiledFolders } from "./spoiled-folders.js";

let arena: Arena;
let folders: SpoiledFolders;
beforeAll(async () => {
  arena = await openArena({ limits: { startTimeout: "5s" } });
  folders = openSpoiledFolders(arena);
});
afterAll(async () => {
  await arena?.close();
  folders?.remove();
});

const secret = () => join(arena.outside, "secret.txt");

describe("An import that is hostile", () => {
  // What must hold: nothing of the host's files gets into the code of a plugin, whatever its imports say.
  test.each([
    ["an absolute path", (path: string) => path],
    ["a path with dots", (path: string) => `../../../../../../..${path}`],
    ["a URL", (path: string) => `file://${path}`],
    ["a link in node_modules", () => "victim/secret.txt"],
    ["a package's own map", () => "#secret"],
  ] as const)("cannot import the host's files by %s", async (_, specifier) => {
    for (const type of ["text", "json", "bytes", undefined]) {
      const path = folders.make((root) => {
        const attribute = type === undefined ? "" : ` with { type: "${type}" }`;
        const text = `import * as stolen from ${JSON.stringify(specifier(secret()))}${attribute};\n${code("stolen")}`;
        writeFileSync(join(root, "main.js"), text);
        mkdirSync(join(root, "node_modules"));
        symlinkSync(arena.outside, join(root, "node_modules/victim"));
        writeFileSync(
          join(root, "package.json"),
          JSON.stringify({ name: "victim", imports: { "#secret": `../../../../../../..${secret()}` } }),
        );
      });
      const outcome = await folders.load(path);
      if (outcome !== "loaded") expect(["PLUGIN_INVALID", "BUNDLE_FAILED"]).toContain(outcome);
      else
        expect(
          JSON.stringify(
            await arena.host.call("attacker/folder", "attack").catch((error: Error) => error.message),
          ),
        ).not.toContain(arena.secret);
    }
  });

  // What must hold: a link may lead to packages that are there to be shared (a node_modules, the folder's own
  // workspace), never into an application of the host's that happens to be a package too.
  test.each(["settings.json", "settings.txt", "settings.mjs"])(
    "does not bundle an application that a link leads to: %s",
    async (file) => {
      const application = join(folders.base, "srv/application");
      mkdirSync(application, { recursive: true });
      writeFileSync(join(application, "package.json"), '{ "name": "application", "version": "1.0.0" }');
      const text = file.endsWith(".txt")
        ? arena.secret
        : `${file.endsWith("mjs") ? "export default " : ""}${JSON.stringify(arena.secret)}`;
      writeFileSync(join(application, file), text);
      const path = folders.make((root) => {
        mkdirSync(join(root, "node_modules"));
        symlinkSync(application, join(root, "node_modules/application"));
        writeFileSync(join(root, "main.js"), `import stolen from "application/${file}";\n${code("stolen")}`);
      });
      if ((await folders.load(path)) !== "loaded") return;
      expect(JSON.stringify(await arena.host.call("attacker/folder", "attack"))).not.toContain(arena.secret);
    },
  );

  // What must hold: the links and lists of the plugin's own cannot make a place of the host's the plugin's.
  test.each([
    ["its whole node_modules as a link", "application/settings.json"],
    ["a path through its node_modules, which is a link", "../srv/application/settings.json"],
    ["a workspace of its own", "application/settings.json"],
  ])("does not bundle an application by %s", async (how, specifier) => {
    const modules = join(folders.base, "srv");
    const application = join(modules, "application");
    mkdirSync(application, { recursive: true });
    writeFileSync(join(application, "package.json"), '{ "name": "application", "version": "1.0.0" }');
    writeFileSync(join(application, "settings.json"), JSON.stringify(arena.secret));
    const path = folders.make((root) => {
      if (how === "a workspace of its own") {
        writeFileSync(join(root, "package.json"), '{ "workspaces": ["**", "../**", "../srv/*", "."] }');
        mkdirSync(join(root, "node_modules"));
        symlinkSync(application, join(root, "node_modules/application"));
      } else symlinkSync(modules, join(root, "node_modules"));
      writeFileSync(join(root, "main.js"), `import stolen from "${specifier}";\n${code("stolen")}`);
    });
    expect(["PLUGIN_INVALID", "BUNDLE_FAILED"]).toContain(await folders.load(path));
  });

  // What must hold: a plugin is often unpacked with a folder around it, and that folder is the attacker's too.
  test.each(["node_modules", "node_modules/application", "member"])(
    "does not bundle an application by a workspace that came with it: %s",
    async (place) => {
      const application = join(folders.base, "srv/application");
      mkdirSync(application, { recursive: true });
      writeFileSync(join(application, "package.json"), '{ "name": "application", "version": "1.0.0" }');
      writeFileSync(join(application, "settings.json"), JSON.stringify(arena.secret));
      const around = folders.make((root) => {
        writeFileSync(join(root, "package.json"), '{ "workspaces": ["**", "/**", "../**"] }');
        mkdirSync(join(root, "plugin/node_modules"), { recursive: true });
        if (place.startsWith("node_modules/")) mkdirSync(join(root, "node_modules"));
        symlinkSync(place === "node_modules" ? join(application, "..") : application, join(root, place));
        symlinkSync(
          place === "node_modules" ? "../../node_modules/application" : `../../${place}`,
          join(root, "plugin/node_modules/application"),
        );
        renameSync(join(root, "plugin.yaml"), join(root, "plugin/plugin.yaml"));
        const text = `import stolen from "application/settings.json";\n${code("stolen")}`;
        writeFileSync(join(root, "plugin/main.js"), text);
      });
      expect(await folders.load(join(around, "plugin"))).toBe("BUNDLE_FAILED");
    },
  );
});
