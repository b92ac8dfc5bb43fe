// Builds the launch stub for both architectures into packages/host/native/prebuilt, with a manifest of how.
//
//   node scripts/build-stub.mjs           builds and writes
//   node scripts/build-stub.mjs --check   builds aside and compares with what is committed
//
// The same compiler gives the same bytes. With another one only the source's hash can be compared, and is.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const nativeFolder = fileURLToPath(new URL("../packages/host/native/", import.meta.url));
const prebuiltFolder = join(nativeFolder, "prebuilt");
const sourceName = "launch-stub.c";

const targets = [
  { name: "linux-x64", compiler: "gcc", flags: ["-march=x86-64", "-mno-sse", "-fcf-protection=none"] },
  {
    name: "linux-arm64",
    compiler: "aarch64-linux-gnu-gcc",
    flags: ["-march=armv8-a", "-mgeneral-regs-only"],
  },
];

const commonFlags = [
  ...["-std=c17", "-Os", "-Wall", "-Wextra", "-Werror"],
  ...["-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns"],
  ...["-fno-stack-protector", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables", "-fno-ident"],
  ...["-ffile-prefix-map=.=native", "-fno-pie", "-no-pie", "-static", "-nostdlib", "-s"],
  // One readable and executable segment, one writable; the stack is neither executable nor unmarked.
  ...[
    "-Wl,--build-id=none",
    "-Wl,-z,noseparate-code",
    "-Wl,-z,noexecstack",
    "-Wl,-z,norelro",
    "-Wl,--fatal-warnings",
  ],
];

if (process.argv.includes("--check")) check();
else build(prebuiltFolder);

function build(folder) {
  const manifest = {
    source: { main: sourceName, sha256: sha256OfSources() },
    binaries: targets.map((target) => compile(target, folder)),
  };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const { path, size } of manifest.binaries) console.log(`${path}: ${size} bytes`);
  return manifest;
}

function compile({ name, compiler, flags }, folder) {
  const path = `${name}/launch-stub`;
  const output = join(folder, path);
  mkdirSync(dirname(output), { recursive: true });
  const allFlags = [...commonFlags, ...flags];
  // An empty environment but for the path: SOURCE_DATE_EPOCH, CPATH and their kin would change the bytes.
  const options = { cwd: nativeFolder, env: { PATH: process.env.PATH, LC_ALL: "C" } };
  execFileSync(compiler, [...allFlags, "-o", output, sourceName], { ...options, stdio: "inherit" });
  chmodSync(output, 0o755);
  const bytes = readFileSync(output);
  const version = execFileSync(compiler, ["--version"], options).toString().split("\n")[0];
  return { path, sha256: sha256(bytes), size: bytes.length, compiler: version, flags: allFlags };
}

function check() {
  const committed = JSON.parse(readFileSync(join(prebuiltFolder, "manifest.json"), "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "launch-stub-"));
  try {
    const problems = [];
    for (const { path, sha256: expected } of committed.binaries) {
      if (sha256(readFileSync(join(prebuiltFolder, path))) !== expected)
        problems.push(`${path} is not the file of the manifest`);
    }
    const rebuilt = build(folder);
    if (rebuilt.source.sha256 !== committed.source.sha256)
      problems.push(`the source has changed since it was built`);
    for (const binary of rebuilt.binaries) problems.push(...compare(binary, committed.binaries));
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compare(binary, committed) {
  const other = committed.find(({ path }) => path === binary.path);
  if (other === undefined) return [`${binary.path} is missing from the manifest`];
  if (JSON.stringify(other.flags) !== JSON.stringify(binary.flags))
    return [`${binary.path} was built with other flags`];
  if (other.compiler !== binary.compiler) {
    console.log(
      `${binary.path}: built by "${other.compiler}", here is "${binary.compiler}"; only the source was compared`,
    );
    return [];
  }
  return other.sha256 === binary.sha256 ? [] : [`${binary.path} rebuilds to other bytes`];
}

/** Over "<hash>  <name>" lines sorted by name, so that `sha256sum *.c *.h | sha256sum` gives the same. */
function sha256OfSources() {
  const names = readdirSync(nativeFolder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();
  const lines = names.map((name) => `${sha256(readFileSync(join(nativeFolder, name)))}  ${name}\n`);
  return sha256(lines.join(""));
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
