import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arena, type Outcome, openArena } from "./arena.js";

/** Makes a system call with whatever numbers, the way no polite library does. */
type Case = [about: string, code: string, expected: string];

const SYSCALL = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *values):
    got = libc.syscall(ctypes.c_long(number), *(v if isinstance(v, (bytes, ctypes.Array)) else ctypes.c_long(v) for v in values))
    if got < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got
`;

const isX64 = process.arch === "x64";
const number = (x64: number, arm64: number) => (isX64 ? x64 : arm64);

/** What the kernel says without the guards of the language. */
const REFUSED =
  /Operation not permitted|Permission denied|No such file|Function not implemented|Read-only|not permitted|failed to map|Invalid argument|Address family not supported|Too many levels|name resolution|Name or service|not allowed to raise|system call|No such process/;

const ATTACKS: readonly (readonly [name: string, code: (arena: Arena) => string])[] = [
  [
    "reads a secret of the host's",
    ({ outside }) => `found = open(${JSON.stringify(`${outside}/secret.txt`)}).read()`,
  ],
  ["reads /etc/shadow", () => "found = open('/etc/shadow').read()"],
  [
    "reads /etc/passwd by a descriptor of the root",
    () => "import os; found = os.read(os.open('etc/passwd', 0, dir_fd=os.open('/', 0)), 99)",
  ],
  ["reads the host's environment", () => "found = open('/proc/1/environ').read()"],
  ["reads memory", () => "found = open('/proc/self/mem').read()"],
  ["lists home directories", () => "import os; found = os.listdir('/root')"],
  [
    "reads packages of the machine's",
    () =>
      "import sys, os; found = [f for d in sys.path for f in os.listdir(d + '/site-packages')] or open('/nowhere')",
  ],
  ["writes its own code", () => "open('/plugin/main.py', 'a').write('#')"],
  ["writes the guest package", () => "open('/paddock/paddock/__init__.py', 'a').write('#')"],
  ["writes the library", () => "import os; open(os.__file__, 'a').write('#')"],
  ["writes beside the library", () => "import os; os.mkdir('/runtime/mine')"],
  ["writes to the host", ({ outside }) => `open(${JSON.stringify(`${outside}/dropped`)}, 'w')`],
  [
    "follows a link out",
    ({ outside }) =>
      `import os; os.path.lexists('/tmp/l') or os.symlink(${JSON.stringify(outside)}, '/tmp/l'); found = open('/tmp/l/secret.txt').read()`,
  ],
  ["leaves a set-uid file", () => "import os; open('/data/s', 'w').close(); os.chmod('/data/s', 0o4755)"],
  ["forks", () => "import os; found = os.fork() or os._exit(0)"],
  [
    "starts a shell",
    () => "import subprocess; found = subprocess.run(['/bin/sh', '-c', 'id'], capture_output=True).stdout",
  ],
  [
    "spawns its own interpreter",
    () =>
      "import os, sys; found = os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', '1'], {}), 0)",
  ],
  ["starts a process pool", () => "import multiprocessing; found = multiprocessing.Pool(1).map(str, [1])"],
  [
    "executes what it dropped",
    () =>
      "import os, sys\nwith open('/tmp/x', 'wb') as f: f.write(open(sys.executable, 'rb').read(65536))\nos.chmod('/tmp/x', 0o755); os.execv('/tmp/x', ['/tmp/x'])",
  ],
  [
    "executes what it dropped in /data",
    () =>
      "import os, sys\nwith open('/data/x', 'wb') as f: f.write(open(sys.executable, 'rb').read(65536))\nos.chmod('/data/x', 0o755); os.execv('/data/x', ['/data/x'])",
  ],
  ["opens an internet socket", () => "import socket; found = str(socket.socket())"],
  [
    "opens a socket of every other family",
    () =>
      "import _socket\nfor family in list(range(1, 45)):\n    for kind in (1, 2, 3, 5):\n        try: found = [family, kind, _socket.socket(family, kind, 0).fileno()]; break\n        except OSError as error: last = error\nif 'found' not in globals(): raise last",
  ],
  [
    "connects to the host's sockets",
    () => "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/docker.sock')",
  ],
  ["looks names up", () => "import socket; found = socket.gethostbyname('localhost')"],
  [
    "loads native code that it dropped",
    () =>
      "import ctypes, sys, shutil, os; shutil.copy(min((f.stat().st_size, f.path) for f in os.scandir(os.path.dirname(os.__file__) + '/lib-dynload'))[1], '/tmp/lib.so'); ctypes.CDLL('/tmp/lib.so')",
  ],
  [
    "maps a dropped file as code",
    () =>
      "import mmap, os; open('/tmp/c', 'wb').write(b'\\xc3' * 4096); mmap.mmap(os.open('/tmp/c', 0), 4096, flags=2, prot=5)",
  ],
  ["mounts", () => `${SYSCALL}found = call(${number(165, 40)}, b"none", b"/tmp", b"tmpfs", 0, 0)`],
  ["makes namespaces", () => `${SYSCALL}found = call(${number(272, 97)}, 0x10000000)`],
  ["traces", () => `${SYSCALL}found = call(${number(101, 117)}, 16, 1, 0, 0)`],
  ["reads other processes' memory", () => `${SYSCALL}found = call(${number(310, 270)}, 1, 0, 0, 0, 0, 0)`],
  ["makes files in memory to execute", () => `${SYSCALL}found = call(${number(319, 279)}, b"x", 0)`],
  ["rings of submissions", () => `${SYSCALL}found = call(425, 8, (ctypes.c_char * 120)())`],
  ["clones with flags", () => `${SYSCALL}found = call(435, (ctypes.c_char * 88)(), 88)`],
  ["loads programs into the kernel", () => `${SYSCALL}found = call(${number(321, 280)}, 0, 0, 0)`],
  ["asks for keys", () => `${SYSCALL}found = call(${number(250, 219)}, 0, 0, 0, 0, 0)`],
  ["signals everybody", () => "import os; os.kill(-1, 9)"],
  [
    "raises its own limits",
    () => "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99999, 99999))",
  ],
  ["becomes root", () => "import os; os.setuid(0)"],
  ["changes its root", () => "import os; os.chroot('/tmp')"],
];

describe.each([
  { guards: true, stands: "with guards" },
  { guards: false, stands: "behind the kernel's walls alone" },
])("an attack in Python, $stands", ({ guards }) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ interpreter: { guards } });
  });
  afterAll(async () => arena?.close());
  const attack = (code: string): Promise<Outcome> => arena.attack("runs-any-python", code);

  test.each(ATTACKS)("%s, and fails", async (_, code) => {
    const outcome = await attack(code(arena));
    expect(outcome).toMatchObject({
      kind: "refused",
      code: expect.stringMatching(/^(PLUGIN_BUG|DISK_LIMIT|CAPABILITY_NOT_DECLARED|SECCOMP_VIOLATION)$/),
    });
    const message = outcome.kind === "refused" ? outcome.message : "";
    if (guards) expect(message).toMatch(new RegExp(`${REFUSED.source}|EACCES|Cannot`));
    else expect(message).toMatch(REFUSED);
    await arena.assertUnharmed();
  });

  test("sees no more than its root, and nothing of the host's environment", async () => {
    const code =
      "import os\ntry: found = [sorted(os.listdir('/')), sorted(set(os.environ) - {'LC_CTYPE'}), os.listdir('/proc') if os.path.isdir('/proc') else []]\nexcept PermissionError: found = None";
    const outcome = await attack(code);
    if (guards) {
      expect(outcome).toMatchObject({ kind: "answered", value: null });
      return;
    }
    const value = outcome.kind === "answered" ? outcome.value : [];
    expect(value).toEqual([expect.not.arrayContaining(["etc", "home", "root", "usr/bin", "sys"]), [], []]);
  });

  test("finds no way round by what it finds in memory", async () => {
    const code = `
import gc, builtins
for each in gc.get_objects():
    if isinstance(each, dict) and "subprocess.Popen" in each: each.clear()
found = open("/etc/passwd").read()`;
    const outcome = await attack(code);
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(JSON.stringify(outcome)).toMatch(/No such file|EACCES/);
  });
});

describe("what a Python guest uses up", () => {
  const open = (limits: object) => openArena({ interpreter: { guards: false }, limits });

  test.each([
    ["memory in one piece", "found = len(bytearray(1 << 30))", /MEMORY_LIMIT/],
    ["memory in small pieces", "kept = []\nwhile True: kept.append(bytearray(1 << 20))", /MEMORY_LIMIT/],
    [
      "memory by mappings",
      "import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 1 << 22, flags=0x22)); kept[-1].write(b'x' * (1 << 22))",
      /MEMORY_LIMIT|PLUGIN_BUG/,
    ],
    ["the disk", "f = open('/data/full', 'wb')\nwhile True: f.write(b'x' * 65536); f.flush()", /DISK_LIMIT/],
    ["scratch", "f = open('/tmp/full', 'wb')\nwhile True: f.write(b'x' * 65536); f.flush()", /DISK_LIMIT/],
    [
      "threads",
      "import threading, time\nfound = 0\ntry:\n    while True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); found += 1\nexcept (RuntimeError, MemoryError): raise RuntimeError(f'stopped {found < 300}')",
      /PLUGIN_BUG.*stopped True/,
    ],
    [
      "descriptors",
      "import os\nfound = 0\ntry:\n    while True: os.dup(1); found += 1\nexcept OSError: raise OSError(f'stopped {found < 5000}')",
      /PLUGIN_BUG.*stopped True/,
    ],
  ])("%s, has an end", async (_, code, expected) => {
    const arena = await open({ memory: "64MB", timeout: "10s" });
    try {
      const outcome = await arena.attack("runs-any-python", code);
      expect(JSON.stringify(outcome)).toMatch(expected);
      await arena.assertUnharmed();
    } finally {
      await arena.close();
    }
  });

  test.each([
    ["a loop", "while True: pass"],
    ["a pattern that never ends, holding the interpreter", "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')"],
    ["a sum that never ends, holding the interpreter", "sum(range(10 ** 15))"],
  ])("time, by %s, ends with the guest", async (_, code) => {
    const arena = await open({ timeout: "700ms" });
    try {
      const outcome = await arena.attack("runs-any-python", code);
      expect(outcome).toMatchObject({
        kind: "refused",
        code: expect.stringMatching(/TIMEOUT|CPU_LIMIT|UNRESPONSIVE/),
      });
      await arena.assertUnharmed();
    } finally {
      await arena.close();
    }
  });

  test.each<Case>([
    [
      "garbage on the channel",
      "import os, time; os.write(3, b'nonsense\\n'); time.sleep(9)",
      "PROTOCOL_VIOLATION",
    ],
    ["a line without an end", "import os\nwhile True: os.write(3, b'x' * 65536)", "PROTOCOL_VIOLATION"],
    [
      "a forged answer",
      'import os, time; os.write(3, b\'{"jsonrpc":"2.0","id":99999,"result":1}\\n\'); found = \'still me\'',
      "still me",
    ],
    [
      "garbage on the data channel",
      "import os, time; os.write(4, b'\\xff' * 64); time.sleep(9)",
      "PROTOCOL_VIOLATION",
    ],
    ["its own end", "import os; os._exit(0)", "CRASHED"],
    ["a crash", "import ctypes; ctypes.string_at(0)", "CRASHED"],
    [
      "closed descriptors",
      "import os; os.close(3); import time; time.sleep(9)",
      "CRASHED|PROTOCOL_VIOLATION",
    ],
    ...(isX64
      ? ([
          [
            "machine code of its own",
            "import mmap, ctypes\nm = mmap.mmap(-1, 4096, flags=0x22, prot=7)\nm.write(bytes.fromhex('b814000000cd80c3'))\nfound = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
            "SECCOMP_VIOLATION|CRASHED",
          ],
        ] satisfies Case[])
      : []),
  ])("%s, hurts nobody else", async (_, code, expected) => {
    const arena = await open({});
    try {
      const outcome = await arena.attack("runs-any-python", code);
      expect(JSON.stringify(outcome)).toMatch(new RegExp(expected));
      await arena.assertUnharmed();
      expect(existsSync(join(arena.outside, "dropped"))).toBe(false);
      expect(readdirSync(arena.outside)).toEqual(["secret.txt"]);
    } finally {
      await arena.close();
    }
  });
});
