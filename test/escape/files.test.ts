import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { libraryClosure } from "../../packages/host/src/runtimes/library-closure.js";
import type { Arena } from "./arena.js";
import { testAttacks } from "./attack-table.js";

const WRITABLE = ["/data", "/tmp", "/plugin/data"];

/** Where secrets are on a machine, spelled in every way that a path can be. */
function secretPaths({ outside, home }: Arena): readonly string[] {
  const secret = join(outside, "secret.txt");
  return [
    ...[secret, `//${secret}`, `/data/../${secret}`, `/plugin/data/../../${secret}`, `/tmp/./..${secret}`],
    ...[
      outside,
      home,
      process.cwd(),
      homedir(),
      "/home",
      "/root",
      "/etc",
      "/var",
      "/usr/bin",
      "/run",
      "/sys",
      "/mnt",
    ],
    ...[
      "/etc/passwd",
      "/etc/shadow",
      "/etc/../etc/passwd",
      "/etc//hostname",
      "/root/.ssh/id_rsa",
      "/run/docker.sock",
    ],
    ...["/proc/1/environ", "/proc/self/environ", "/proc/self/mountinfo", "/proc/self/root/etc/passwd"],
    ...["/proc/1/root/etc/passwd", `/proc/${process.pid}/environ`, `/proc/${process.pid}/root${secret}`],
    ...["/proc/cpuinfo", "/proc/sys/kernel/hostname", "/sys/class/net", "/dev/mem", "/dev/kmsg", "/dev/sda"],
    ...["/dev/tty", "/dev/pts/0", "/dev/shm", "/dev/fd", "/dev/zero", "/.dockerenv"],
  ];
}

const HOST_PLACES = [
  "/etc/paddock-escape",
  "/root/paddock-escape",
  "/usr/bin/paddock-escape",
  "/paddock-escape",
];
const READ_ONLY = [
  "/plugin/.paddock/main.mjs",
  "/plugin/plugin.yaml",
  "/plugin/new-file",
  "/paddock",
  "/runtime/node",
  "/runtime",
  "/dev/null-moved",
  "/lib64",
];
const CHANGES = ["write", "append", "truncate", "remove", "folder", "rename", "replace", "mode", "times"];

/** A library of the interpreter's own: real code, but from a place where no code may be. */
const CLOSURE = await libraryClosure(process.execPath);
const LINKER = CLOSURE.find(({ target }) => basename(target).startsWith("ld-"))?.target;
const LIBRARY =
  CLOSURE.find(({ target }) => basename(target).startsWith("libgcc_s"))?.source ?? process.execPath;
const NATIVE_CODE = readFileSync(LIBRARY).toString("base64");

const REFUSED_WRITE = /EROFS|ENOENT|EACCES|EPERM|EXDEV|EBUSY|ENOTDIR|EEXIST|EISDIR|ETXTBSY|Read-only/;

testAttacks("Files", [
  {
    plugin: "reads-host-files",
    tries: (arena) => secretPaths(arena).map((path) => ({ path })),
    refused: /ENOENT|EACCES/,
  },
  {
    plugin: "follows-links-out",
    tries: (arena) =>
      [
        join(arena.outside, "secret.txt"),
        "../../../../etc/passwd",
        "/proc/self/root/etc/passwd",
        "/etc",
      ].flatMap((target) =>
        WRITABLE.flatMap((folder) => ["read", "write", "list"].map((way) => ({ target, folder, way }))),
      ),
    refused: /ENOENT|EACCES|EROFS|ENOTDIR/,
  },
  {
    plugin: "writes-host-files",
    tries: (arena) =>
      [...HOST_PLACES, ...READ_ONLY, join(arena.outside, "secret.txt"), join(arena.outside, "ghost")].flatMap(
        (path) => CHANGES.map((way) => ({ path, way })),
      ),
    refused: REFUSED_WRITE,
    outside: ({ outside }) => {
      for (const path of [...HOST_PLACES, join(outside, "ghost")]) expect(existsSync(path), path).toBe(false);
    },
  },
  {
    plugin: "links-read-only-files",
    tries: ["/plugin/.paddock/main.mjs", "/runtime/node", "/dev/null"].flatMap((path) =>
      WRITABLE.map((folder) => ({ path, folder })),
    ),
    refused: /EXDEV|EPERM|EROFS/,
  },
  {
    plugin: "leaves-set-id-files",
    tries: ["chmod", "open", "folder", "copy"].flatMap((way) =>
      ["/data", "/tmp"].map((folder) => ({ way, folder })),
    ),
    refused: /EPERM/,
  },
  {
    plugin: "runs-dropped-code",
    tries: ["dlopen", "addon", "execve", "linker"].flatMap((way) =>
      ["/data", "/tmp"].map((folder) => ({ way, folder, linker: LINKER, code: NATIVE_CODE })),
    ),
    refused: /EACCES|Operation not permitted|failed to map|exit code (127|134|139)/,
    guarded: /Cannot/,
    code: ["PLUGIN_BUG", "CRASHED"],
    outside: () => expect(statSync("/dev/null").isCharacterDevice()).toBe(true),
  },
]);
