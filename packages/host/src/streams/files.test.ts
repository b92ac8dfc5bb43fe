import { readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Holdings, holdings, leftSince } from "../../../../test/plugins/host-behaviours/leftovers.js";
import {
  makeTemporaryHome,
  type TemporaryHome,
} from "../../../../test/plugins/host-behaviours/temporary-home.js";
import { writePlugin } from "../../../../test/plugins/host-behaviours/write-plugin.js";
import { createHost } from "../host.js";
import type { Host } from "../host-interface.js";
import type { OutputFile } from "./output-file.js";

const CODE = `
  import fs from "node:fs";
  export default definePlugin({
    actions: {
      read: (_, { files }) => Object.fromEntries(
        Object.entries(files.inbox).map(([name, path]) => [name, fs.readFileSync(path, "utf8")])),
      paths: (_, { files }) => files.inbox,
      exists: (path) => fs.existsSync(path),
      write(_, { files }) {
        const results = {};
        for (const [name, path] of Object.entries(files.inbox)) {
          for (const attempt of [() => fs.writeFileSync(path, "mine"), () => fs.rmSync(path), () => fs.writeFileSync(path + "2", "x")]) {
            try { attempt(); results[name] = "done"; } catch (error) { results[name] ??= error.code; }
          }
        }
        return results;
      },
      report(text, { files }) {
        const file = files.create("report.txt");
        fs.writeFileSync(file.path, text);
        files.create("unused");
        return { file, length: text.length };
      },
      badNames: (names, { files }) => names.map((name) => {
        try { files.create(name); } catch (error) { return error.name; }
      }),
      bad(how, { files }) {
        const file = files.create("bad");
        if (how === "missing") return file;
        if (how === "link") fs.symlinkSync("/plugin/main.js", file.path);
        if (how === "hard link") { fs.writeFileSync("/outbox/other", "x"); fs.linkSync("/outbox/other", file.path); }
        if (how === "directory") fs.mkdirSync(file.path);
        if (how === "sparse") { fs.writeFileSync(file.path, ""); fs.truncateSync(file.path, 60 * 2 ** 20); }
        return file;
      },
      holes: (count, { files }) => Array.from({ length: count }, () => {
        const file = files.create();
        fs.writeFileSync(file.path, "");
        fs.truncateSync(file.path, 10 * 2 ** 20);
        return file;
      }),
      left: () => fs.readdirSync("/outbox").filter((name) => name !== "other"),
    },
  });
`;
const ACTIONS = Object.fromEntries(
  ["read", "paths", "exists", "write", "report", "badNames", "bad", "holes", "left"].map((name) => [
    name,
    {},
  ]),
);

// What protects the host is the kernel: all of this holds without the guards of the language, too.
describe.each([true, false])("with guards: %s", (guards) => {
  let before: Holdings;
  let home: TemporaryHome;
  let host: Host;
  beforeAll(async () => {
    home = await makeTemporaryHome();
    const folder = join(home.path, "filer");
    await writePlugin(folder, { actions: ACTIONS, code: CODE });
    await writeFile(join(home.path, "plain.txt"), "plain");
    before = holdings();
    host = await createHost({
      home: join(home.path, "home"),
      interpreter: { guards },
      defaults: { breaker: { failures: 100 } },
    });
    await host.load(folder);
  });
  afterAll(async () => {
    await host.close();
    expect(await leftSince(before)).toEqual([]);
    expect(await readdir(join(home.path, "home"))).not.toContain("files");
    await home.remove();
  });

  const call = (action: string, payload: unknown = null, options = {}) =>
    host.call("acme/probe", action, payload, options);
  const failureOf = (pending: Promise<unknown>) =>
    pending.then(
      (value) => ({ answered: value }),
      (error: unknown) => error,
    );

  describe("files of a caller", () => {
    it("are read by the plugin, wherever they come from", async () => {
      const files = {
        path: join(home.path, "plain.txt"),
        bytes: Buffer.from("bytes"),
        blob: new Blob(["blob"]),
        stream: new Blob(["stream"]).stream(),
        constructor: Buffer.from("a name like others"),
      };
      expect(await call("read", null, { files })).toEqual({
        path: "plain",
        bytes: "bytes",
        blob: "blob",
        stream: "stream",
        constructor: "a name like others",
      });
    });

    it("cannot be changed, and are gone when the call is over", async () => {
      const files = { a: Buffer.from("x") };
      expect(await call("write", null, { files })).toEqual({
        a: expect.stringMatching(/EACCES|EROFS|EPERM/),
      });
      const [path] = Object.values((await call("paths", null, { files })) as Record<string, string>);
      expect(path).toMatch(/^\/inbox\/\d+\/a$/);
      await expect.poll(() => call("exists", path)).toBe(false);
    });

    it.each([
      ["a name with a path in it", { "../x": Buffer.alloc(0) }],
      ["a name that is a directory", { "..": Buffer.alloc(0) }],
      ["a name with a newline", { "a\nb": Buffer.alloc(0) }],
      ["a number", { a: 1 }],
      ["no object", [Buffer.alloc(0)]],
      ["too many", Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, Buffer.alloc(0)]))],
      ["a file that does not exist", { a: "/nowhere/at/all" }],
      ["a directory", { a: "/" }],
      ["a device", { a: "/dev/zero" }],
      ["a name of too many bytes", { ["\u{1f600}".repeat(64)]: Buffer.alloc(0) }],
      ["a file of the kernel's that cannot be read", { a: "/proc/self/mem" }],
    ])("are refused: %s", async (_, files) => {
      expect(await failureOf(call("read", null, { files }))).toMatchObject({ code: "USAGE_INVALID" });
    });

    it("are no links", async () => {
      const link = join(home.path, "link");
      await symlink(join(home.path, "plain.txt"), link);
      expect(await failureOf(call("read", null, { files: { a: link } }))).toMatchObject({
        code: "USAGE_INVALID",
        message: expect.stringContaining("symbolic link"),
      });
    });

    it("are bounded by limits.scratch, and a source that never ends ends there", async () => {
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
      });
      expect(await failureOf(call("read", null, { files: { endless } }))).toMatchObject({
        code: "PAYLOAD_TOO_LARGE",
      });
      expect(await call("read")).toEqual({});
    });

    it("are bounded together, when several calls send them at once", async () => {
      const waiting = Promise.withResolvers<void>();
      const slow = () =>
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new Uint8Array(10 * 2 ** 20)),
          pull: async (controller) => {
            await waiting.promise;
            controller.close();
          },
        });
      const calls = Array.from({ length: 8 }, () => failureOf(call("paths", null, { files: { a: slow() } })));
      const refused = await Promise.race(calls);
      waiting.resolve();
      expect(refused).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
      await Promise.all(calls);
      const files = { a: new Uint8Array(10 * 2 ** 20) };
      expect(await call("paths", null, { files })).toEqual({ a: expect.any(String) });
    });

    it("whose source never answers end with the caller's deadline", async () => {
      let isCancelled = false;
      const silent = new ReadableStream<Uint8Array>({
        pull: () => new Promise(() => undefined),
        cancel: () => {
          isCancelled = true;
        },
      });
      expect(await failureOf(call("read", null, { files: { silent }, timeoutMs: 200 }))).toMatchObject({
        code: "TIMEOUT",
      });
      await expect.poll(() => isCancelled).toBe(true);
    });
  });

  describe("files of an answer", () => {
    it("are the host's own copies, erased when they are disposed of", async () => {
      // Safe: that is what the action returns.
      const answer = (await call("report", "hello")) as { file: OutputFile; length: number };
      expect(answer).toMatchObject({ length: 5, file: { name: "report.txt", size: 5 } });
      expect(Buffer.from(await answer.file.bytes()).toString()).toBe("hello");
      expect(await new Response(answer.file.stream()).text()).toBe("hello");
      expect((await stat(answer.file.path)).mode & 0o777).toBe(0o600);
      await answer.file.dispose();
      await answer.file.dispose();
      await expect(stat(answer.file.path)).rejects.toThrow("ENOENT");
      await expect.poll(() => call("left")).toEqual([]);
    });

    it.each(["missing", "link", "hard link", "directory", "sparse"])("are refused: %s", async (how) => {
      expect(await failureOf(call("bad", how))).toMatchObject({
        // Node's own guard makes no links at all; older versions say so as a denial.
        code: expect.stringMatching(
          guards && how === "link" ? /^(PLUGIN_BUG|CAPABILITY_NOT_DECLARED)$/ : /^FILE_REFUSED$/,
        ),
        message: expect.not.stringContaining(home.path),
      });
    });

    it("are no larger together than what a guest may write, whatever holes are in them", async () => {
      const kept = async () => (await readdir(join(home.path, "home/files"))).length;
      const before = await kept();
      expect(await failureOf(call("holes", 20))).toMatchObject({ code: "FILE_REFUSED" });
      await expect.poll(kept).toBe(before);
    });

    it("have plain names", async () => {
      const names = ["../x", "a/b", "", ".", "a\u202eb", "x".repeat(101)];
      expect(await call("badNames", names)).toEqual(names.map(() => "TypeError"));
    });
  });
});
