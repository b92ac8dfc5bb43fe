import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, isPaddockError } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, openArena } from "./arena.js";

const MANIFEST = `manifest: 1
id: attacker/folder
version: 1.0.0
title: Folder
description: A folder that means harm.
publisher: { name: Attacker, contact: attacker@example.com }
engines: { paddock: ">=0.1" }
runtime: { kind: node, entry: main.js }
actions:
  attack: { title: Attack, input: {}, output: {} }
`;
const MAIN = `export default { [Symbol.for("paddock.plugin")]: 1, actions: { attack: () => "started" } };`;

let arena: Arena;
let base = "";
let count = 0;
beforeAll(async () => {
  arena = await openArena({ limits: { startTimeout: "5s" } });
  base = realpathSync(mkdtempSync(join(tmpdir(), "folders-")));
});
afterAll(async () => {
  await arena?.close();
  rmSync(base, { recursive: true, force: true });
});

/** A good plugin, spoiled. */
function folder(spoil: (folder: string) => void): string {
  count += 1;
  const path = join(base, String(count));
  mkdirSync(path);
  writeFileSync(join(path, "plugin.yaml"), MANIFEST);
  writeFileSync(join(path, "main.js"), MAIN);
  spoil(path);
  return path;
}

/** "loaded", or the code of the error that it must be. */
async function load(path: string): Promise<string> {
  const startedAt = performance.now();
  try {
    await arena.host.load(path);
    return "loaded";
  } catch (error) {
    if (!isPaddockError(error)) throw error;
    expect(JSON.stringify(error)).not.toContain(arena.secret);
    expect(error.message).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
    return error.code;
  } finally {
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await arena.assertUnharmed();
  }
}

const link = (name: string, target: () => string) => (path: string) => {
  rmSync(join(path, name), { force: true });
  symlinkSync(target(), join(path, name));
};
const pipe = (name: string) => (path: string) => {
  rmSync(join(path, name), { force: true });
  execFileSync("mkfifo", [join(path, name)]);
};
const secret = () => join(arena.outside, "secret.txt");
const entry = (text: string) => (path: string) =>
  writeFileSync(join(path, "plugin.yaml"), MANIFEST.replace("main.js", text));

describe("A plugin's folder that is hostile", () => {
  test.each<readonly [what: string, spoil: (path: string) => void]>([
    ["a manifest that is a link to a secret", link("plugin.yaml", secret)],
    ["an entry that is a link to a secret", link("main.js", secret)],
    ["a file that is a link to a secret", link("more.js", secret)],
    ["a folder that is a link to the host's root", link("everything", () => "/")],
    ["a link that leads nowhere", link("main.js", () => "nowhere")],
    ["a link to itself", link("main.js", () => "main.js")],
    ["an entry above the folder", entry('"../../../../etc/passwd"')],
    ["an entry that is absolute", entry("/etc/passwd")],
    ["an entry with NUL", entry('"main.js\\0"')],
    ["an entry that looks like an option", entry('"--inspect"')],
    ["an entry that is a URL", entry('"data:text/javascript,1"')],
    ["a pipe as entry", pipe("main.js")],
    ["a pipe as manifest", pipe("plugin.yaml")],
    ["a pipe beside the entry", pipe("pipe")],
    ["a manifest of a terabyte", (path) => truncateSync(join(path, "plugin.yaml"), 2 ** 40)],
    ["an entry of a terabyte", (path) => truncateSync(join(path, "main.js"), 2 ** 40)],
    [
      "a manifest of aliases",
      (path) =>
        writeFileSync(
          join(path, "plugin.yaml"),
          `a: &a [x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? "a" : `b${at - 1}`}, *${at === 0 ? "a" : `b${at - 1}`}]`).join("\n")}\n${MANIFEST}`,
        ),
    ],
    ["a folder called .paddock", (path) => void mkdirSync(join(path, ".paddock"))],
    ["two manifests", (path) => writeFileSync(join(path, "plugin.json"), "{}")],
    ["no manifest", (path) => rmSync(join(path, "plugin.yaml"))],
    [
      "a mode that it may not choose",
      (path) => writeFileSync(join(path, "plugin.yaml"), MANIFEST.replace("kind: node", "kind: program")),
    ],
    [
      "an id that is a path",
      (path) => writeFileSync(join(path, "plugin.yaml"), MANIFEST.replace("attacker/folder", "../../etc")),
    ],
    [
      "a key that grants itself",
      (path) => writeFileSync(join(path, "plugin.yaml"), `${MANIFEST}granted: [fs.read]\n`),
    ],
  ])("is refused with a reason: %s", async (_, spoil) => {
    const code = await load(folder(spoil));
    expect(["PLUGIN_INVALID", "MANIFEST_INVALID", "BUNDLE_FAILED"]).toContain(code);
  });

  test("whatever it ships where its own data will be, the data is its own", async () => {
    for (const spoil of [
      (path: string) => writeFileSync(join(path, "data"), "a file"),
      (path: string) => {
        mkdirSync(join(path, "data"));
        writeFileSync(join(path, "data/shipped"), "shipped");
      },
      link("data", () => arena.outside),
    ]) {
      const code = await load(folder(spoil));
      if (code === "loaded") expect(await arena.host.call("attacker/folder", "attack")).toBe("started");
      else expect(["PLUGIN_INVALID", "BUNDLE_FAILED"]).toContain(code);
      await arena.assertUnharmed();
    }
  });

  // What must hold: nothing of the host's files gets into the code of a plugin, whatever its imports say.
  test.each([
    ["an absolute path", (path: string) => path],
    ["a path with dots", (path: string) => `../../../../../../..${path}`],
    ["a URL", (path: string) => `file://${path}`],
    ["a link in node_modules", () => "victim/secret.txt"],
    ["a package's own map", () => "#secret"],
  ] as const)("cannot import the host's files by %s", async (_, specifier) => {
    for (const type of ["text", "json", "bytes", undefined]) {
      const path = folder((root) => {
        const attribute = type === undefined ? "" : ` with { type: "${type}" }`;
        const code = `import * as stolen from ${JSON.stringify(specifier(secret()))}${attribute};\n${MAIN.replace('"started"', "stolen")}`;
        writeFileSync(join(root, "main.js"), code);
        mkdirSync(join(root, "node_modules"));
        symlinkSync(arena.outside, join(root, "node_modules/victim"));
        writeFileSync(
          join(root, "package.json"),
          JSON.stringify({ name: "victim", imports: { "#secret": `../../../../../../..${secret()}` } }),
        );
      });
      const code = await load(path);
      if (code !== "loaded") expect(["PLUGIN_INVALID", "BUNDLE_FAILED"]).toContain(code);
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
      const application = join(base, "srv/application");
      mkdirSync(application, { recursive: true });
      writeFileSync(join(application, "package.json"), '{ "name": "application", "version": "1.0.0" }');
      const text = file.endsWith(".txt")
        ? arena.secret
        : `${file.endsWith("mjs") ? "export default " : ""}${JSON.stringify(arena.secret)}`;
      writeFileSync(join(application, file), text);
      const path = folder((root) => {
        mkdirSync(join(root, "node_modules"));
        symlinkSync(application, join(root, "node_modules/application"));
        writeFileSync(
          join(root, "main.js"),
          `import stolen from "application/${file}";\n${MAIN.replace('"started"', "stolen")}`,
        );
      });
      if ((await load(path)) !== "loaded") return;
      expect(JSON.stringify(await arena.host.call("attacker/folder", "attack"))).not.toContain(arena.secret);
    },
  );

  test("a socket beside the entry is refused or left out", async () => {
    const path = folder(() => undefined);
    const server = createServer().listen(join(path, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(["loaded", "PLUGIN_INVALID"]).toContain(await load(path));
    await new Promise((resolve) => server.close(resolve));
  });

  test("code that is changed in the store does not start", async () => {
    const path = folder(() => undefined);
    expect(await load(path)).toBe("loaded");
    const [{ digest } = { digest: "" }] = arena.host.plugins().filter(({ id }) => id === "attacker/folder");
    const stored = execFileSync("find", [join(arena.home, "bundles"), "-name", "main.mjs"], {
      encoding: "utf8",
    })
      .trim()
      .split("\n");
    const changed = stored.filter((file) => file.includes(digest.slice(7, 20)));
    expect(changed.length).toBeGreaterThan(0);
    for (const file of changed) {
      execFileSync("chmod", ["u+w", file]);
      writeFileSync(file, MAIN.replace("started", "changed"));
    }
    await expect(arena.host.call("attacker/folder", "attack")).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
    });
  });
});

test("Two hosts with one home do not harm each other", async () => {
  const home = join(base, "home");
  const options = { home, limits: { disk: "4MB", scratch: "4MB", inodes: 200 } } as const;
  await using first = await createHost(options);
  const keeps = join(import.meta.dirname, "../plugins/keeps-data");
  await first.load(keeps);
  expect(await first.call("attacker/keeps-data", "attack", { text: "first" })).toBe("first");
  await using second = await createHost(options);
  await second.load(keeps);
  const other = await second
    .call("attacker/keeps-data", "attack", {}, { timeoutMs: 9_000 })
    .catch((error: { code: string }) => error.code);
  // One volume cannot be mounted by two: the second is refused, or sees what the first one wrote.
  expect(["first", "SETUP_FAILED", "STORE_FAILED", "TIMEOUT"]).toContain(other);
  expect(await first.call("attacker/keeps-data", "attack", { text: "again" })).toBe("again");
});
