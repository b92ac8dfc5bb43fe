import { expect, test } from "vitest";
import { pythonPath, runUnderProfile } from "./run-under-profile.js";

// The interpreters that guests run in, doing ordinary work under the profile on the running kernel.

const THREADS = { processes: false, threads: true };
const PAIRS = { ...THREADS, socketPairs: true };

test("Node does ordinary work under the profile of a guest without processes", () => {
  const script = `
    const fs = require("node:fs"), crypto = require("node:crypto"), zlib = require("node:zlib");
    const { Worker } = require("node:worker_threads"), { promisify } = require("node:util"), os = require("node:os");
    (async () => {
      fs.mkdirSync("/tmp/a/b", { recursive: true });
      fs.writeFileSync("/tmp/a/b/c", "x");
      await fs.promises.copyFile("/tmp/a/b/c", "/tmp/a/b/d");
      await fs.promises.readFile("/tmp/a/b/d");
      await fs.promises.cp("/tmp/a", "/tmp/z", { recursive: true });
      fs.rmSync("/tmp/a", { recursive: true });
      fs.watch("/tmp").close();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      await promisify(crypto.scrypt)("a", "b", 32);
      crypto.generateKeyPairSync("ed25519");
      zlib.gunzipSync(await promisify(zlib.gzip)(Buffer.alloc(100000)));
      await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1);
      os.totalmem(); os.hostname(); process.memoryUsage.rss();
      const { spawnSync } = require("node:child_process");
      const net = require("node:net");
      const refused = await new Promise((resolve) => net.connect("/tmp/s").on("error", (e) => resolve(e.code)));
      console.log(JSON.stringify([spawnSync("/bin/true").error.code, refused]));
    })();`;
  expect(runUnderProfile(THREADS, [process.execPath, "--no-addons", "-e", script])).toEqual({
    status: 0,
    stdout: '["EPERM","EPERM"]\n',
    stderr: "",
  });
});

test("Node talks over the inherited socket under the profile of a guest", () => {
  const script = `
    const socket = new (require("node:net").Socket)({ fd: 3 });
    socket.write("hello "); socket.cork(); socket.write("from "); socket.write("inside"); socket.uncork();
    socket.end(Buffer.alloc(300000, "."));`;
  const reader = `
    const { spawn } = require("node:child_process");
    const [, command, ...args] = process.argv, stdio = ["ignore", "inherit", "inherit", "pipe", 4];
    const child = spawn(command, args, { stdio });
    let text = ""; child.stdio[3].on("data", (data) => { text += data; });
    child.on("close", (code) => { console.log(code, text.slice(0, 17), text.length); });`;
  const wrapped = [process.execPath, "-e", script];
  const result = runUnderProfile(THREADS, wrapped, (bwrap) => [process.execPath, "-e", reader, ...bwrap]);
  expect(result).toEqual({ status: 0, stdout: "0 hello from inside 300017\n", stderr: "" });
});

test("Node talks with a child process over pipes where processes and socket pairs are granted", () => {
  const script = `
    const { spawn } = require("node:child_process");
    const child = spawn("cat"); child.stdout.pipe(process.stdout); child.stdin.end("through a child");
    child.on("close", (code) => { process.exitCode = code; });`;
  const options = { ...PAIRS, processes: true };
  expect(runUnderProfile(options, [process.execPath, "-e", script])).toEqual({
    status: 0,
    stdout: "through a child",
    stderr: "",
  });
});

test("Python runs asyncio, threads and files under the profile with socket pairs", () => {
  const script = `
import asyncio, json, os, shutil, socket, tempfile, threading, time
async def main():
    return await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.to_thread(lambda: time.sleep(0.01) or 2))
answers = asyncio.run(main())
thread = threading.Thread(target=lambda: answers.append(json.loads("3")))
thread.start(); thread.join()
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x"); file.flush(); os.fsync(file.fileno()); shutil.copy2(file.name, "/tmp/copy")
for attempt in (os.fork, socket.socket, lambda: os.chmod("/tmp/copy", 0o4755)):
    try: attempt(); answers.append("done")
    except PermissionError: answers.append("refused")
print(answers)`;
  expect(runUnderProfile(PAIRS, [pythonPath(), "-I", "-S", "-B", "-c", script])).toEqual({
    status: 0,
    stdout: "[1, 2, 3, 'refused', 'refused', 'refused']\n",
    stderr: "",
  });
});
