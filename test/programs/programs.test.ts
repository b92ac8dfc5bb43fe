import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createHost, type GuestLog, type Host } from "@paddock/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let home = "";
let host: Host;
const logs: GuestLog[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paddock-programs-"));
  host = await createHost({ home: join(home, "host"), onLog: (log) => logs.push(log) });
});
afterAll(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

const fences = async (language: string) => {
  const text = await readFile(fromRoot("docs/programs.md"), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    (match) => match[1] ?? "",
  );
};

async function makePlugin(name: string, actions: string, text: string | undefined, mode = 0o755) {
  const folder = join(home, name);
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(
    join(folder, "plugin.yaml"),
    `manifest: 1\nid: tests/${name}\nversion: 1.0.0\nruntime: { kind: program, entry: bin/plugin }\nactions: ${actions}\n`,
  );
  if (text !== undefined) await writeFile(join(folder, "bin/plugin"), text, { mode });
  return folder;
}

/** With the least Perl that there is, which has no parser of JSON. */
const PERL = `#!/usr/bin/env perl
use strict; use warnings; $| = 1;
while (<STDIN>) {
  my ($id) = /"id":(\\d+)/;
  my ($nonce) = /"nonce":"([^"]+)"/;
  my $result = /"method":"initialize"/ ? qq({"protocol":1,"nonce":"$nonce","actions":["go"]})
    : /"payload":\\[(\\d),(\\d)\\]/ ? "[$2,$1]" : "{}";
  print qq({"jsonrpc":"2.0","id":$id,"result":$result}\\n);
}
`;

const PYTHON = `#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    print("told", m["method"], file=sys.stderr)
    r = {"protocol": 1, "nonce": m["params"]["nonce"], "actions": ["go"]} if m["method"] == "initialize" else m["params"].get("payload", {})
    print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": r}), flush=True)
`;

const NODE = `#!/usr/bin/env node
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  const result = method === "initialize" ? { protocol: 1, nonce: params.nonce, actions: ["go"] } : (params.payload ?? {});
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
});
`;

describe("a plugin of kind program", () => {
  it("is the shell script of the documents and of the template, which are the same", async () => {
    const [documented] = await fences("sh");
    const template = await readFile(fromRoot("packages/cli/templates/program/bin/plugin"), "utf8");
    expect(template.replace("{{title}}", "A plugin")).toBe(documented);
    const folder = await makePlugin("greets", "{ greet: { errors: { ODD_NAME: Odd. } } }", documented);
    await host.load(folder);
    expect(await host.call("tests/greets", "greet", { name: "Zoë" })).toEqual({ greeting: "Hello, Zoë!" });
    const many = Array.from({ length: 50 }, (_, at) =>
      host.call("tests/greets", "greet", { name: `n${at}` }),
    );
    expect(await Promise.all(many)).toHaveLength(50);
    await expect(host.call("tests/greets", "greet", { name: 'a"}\\' })).rejects.toMatchObject({
      code: "PLUGIN_ERROR",
    });
  });

  it("is the C program of the documents, the only file of its bundle that can be executed", async () => {
    const folder = await makePlugin("adds", "{ add: {} }", undefined);
    await writeFile(join(home, "plugin.c"), (await fences("c"))[0] ?? "");
    await run("cc", ["-O2", "-static", "-o", join(folder, "bin/plugin"), join(home, "plugin.c")]);
    await cp(join(folder, "bin/plugin"), join(folder, "bin/other"));
    await host.load(folder);
    expect(await host.call("tests/adds", "add", { a: 1.5, b: 2 })).toBe(3.5);
    const posture = JSON.stringify(await host.posture("tests/adds"));
    expect(posture).toContain("1 executable");
  });

  it("may be linked with the machine's libraries", async () => {
    const folder = await makePlugin("links", "{ add: {} }", undefined);
    await writeFile(join(home, "linked.c"), (await fences("c"))[0] ?? "");
    await run("cc", ["-o", join(folder, "bin/plugin"), join(home, "linked.c")]);
    await host.load(folder);
    expect(await host.call("tests/links", "add", { a: 1, b: 2 })).toBe(3);
  });

  it.each([
    ["python-script", PYTHON, ["é", 2], ["é", 2]],
    ["node-script", NODE, ["é", 2], ["é", 2]],
    ["perl-script", PERL, [1, 2], [2, 1]],
  ])("is a script: %s", async (name, text, payload, answer) => {
    await host.load(await makePlugin(name, "{ go: {} }", text));
    expect(await host.call(`tests/${name}`, "go", payload)).toEqual(answer);
  });

  it("has standard error as its log", async () => {
    expect(logs).toContainEqual(
      expect.objectContaining({ plugin: "tests/python-script", message: "told call" }),
    );
  });

  it("is ended when it prints something else", async () => {
    await host.load(await makePlugin("prints", "{ go: {} }", "#!/bin/sh\necho hello\nread -r line\n"));
    await expect(host.call("tests/prints", "go", null)).rejects.toMatchObject({ code: "PROTOCOL_VIOLATION" });
  });

  it("starts no program, whether there is one or not", async () => {
    const text = `#!/bin/sh
IFS= read -r line; nonce=\${line#*'"nonce":"'}; nonce=\${nonce%%\\"*}
printf '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"nonce":"%s","actions":["go"]}}\\n' "$nonce"
IFS= read -r line; id=\${line#*'"id":'}; id=\${id%%,*}
ls / >&2; (echo forked >&2); ./bin/plugin >&2
printf '{"jsonrpc":"2.0","id":%s,"result":"still here"}\\n' "$id"
read -r line
`;
    await host.load(await makePlugin("spawns", "{ go: {} }", text));
    const outcome = await host.call("tests/spawns", "go", null).catch((error: unknown) => error);
    // dash gives up when fork(2) is refused; whatever it does, nothing was started.
    expect(String(outcome)).toMatch(/still here|ended|exited/);
    const words = logs.filter(({ plugin }) => plugin === "tests/spawns").map(({ message }) => message);
    expect(words.join("\n")).not.toMatch(/^forked$|^bin$/m);
  });

  it.each([
    ["no-bit", "#!/bin/sh\n", 0o644, /its entry is not executable/],
    ["no-script", "hello\n", 0o755, /neither a program for this machine nor a script/],
    ["own-interpreter", "#!/plugin/bin/evil\n", 0o755, /a script for "evil"/],
    ["odd-path", "#!/tmp/sh\n", 0o755, /this machine has no \/tmp\/sh/],
    ["broken", "\x7fELF nonsense", 0o755, /it is (truncated|not a 64-bit)/],
  ])("is refused with the reason: %s", async (name, text, mode, message) => {
    const folder = await makePlugin(name, "{ go: {} }", text, mode);
    await expect(host.load(folder)).rejects.toMatchObject({
      code: expect.stringMatching(/PLUGIN_INVALID|SETUP_FAILED/),
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it("cannot choose files of the host's by its own search paths", async () => {
    const folder = await makePlugin("searches", "{ go: {} }", undefined);
    await mkdir(join(home, "private"), { mode: 0o700 });
    await writeFile(join(home, "lib.c"), "int secret(void) { return 7; }\n");
    await writeFile(join(home, "use.c"), "int secret(void); int main(void) { return secret(); }\n");
    const library = join(home, "private/libsecret.so");
    await run("cc", ["-shared", "-o", library, join(home, "lib.c")]);
    const entry = join(folder, "bin/plugin");
    for (const flags of [[`-Wl,-rpath,${join(home, "private")}`], []]) {
      await run("cc", ["-o", entry, join(home, "use.c"), library, ...flags]);
      await expect(host.load(folder)).rejects.toMatchObject({
        code: "PLUGIN_INVALID",
        message: expect.stringMatching(/its library "libsecret\.so" is missing|names ".*" by its path/),
      });
    }
  });
});

it("wasm and mcp are refused with the kinds that run", async () => {
  const folder = await makePlugin("later", "{ go: {} }", "x");
  const manifest = await readFile(join(folder, "plugin.yaml"), "utf8");
  await writeFile(join(folder, "plugin.yaml"), manifest.replace("kind: program", "kind: wasm"));
  await expect(host.load(folder)).rejects.toMatchObject({
    code: "PLUGIN_INVALID",
    message: 'Cannot load "tests/later": this version does not run plugins of kind "wasm".',
    hint: expect.stringContaining('"node", "python", "program"'),
  });
});
