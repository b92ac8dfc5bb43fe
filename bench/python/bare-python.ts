import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Contender } from "../contenders/contender.ts";
import { Waiting } from "../contenders/waiting.ts";

/** Name of the row that ours are compared with. */
export const BARE_PYTHON = "bare python3, JSON lines";

const GUEST = fileURLToPath(new URL("./bare_guest.py", import.meta.url));

/** The interpreter itself, not the shim that PATH may lead to: the one that plugins get, too. */
const PYTHON = realpathSync(
  execFileSync("python3", ["-I", "-S", "-c", "import sys; print(sys._base_executable)"], {
    encoding: "utf8",
    cwd: "/",
  }).trim(),
);

/**
 * The floor: the same interpreter with the same flags as an ordinary child, one JSON line each way over pipes. No walls,
 * no host: nothing is bounded, checked, attributed, timed or limited.
 */
export function startBarePython(): Contender {
  const child = spawn(PYTHON, ["-I", "-S", "-B", GUEST], { env: {}, stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const waiting = new Waiting();
  let out = "";
  let rest = "";
  const flush = () => {
    const text = out;
    out = "";
    child.stdin.write(text);
  };
  child.stdin.on("error", () => undefined);
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) waiting.answer(JSON.parse(line));
  });
  return {
    name: BARE_PYTHON,
    call: (payload) => {
      if (out === "") queueMicrotask(flush);
      out += `${JSON.stringify(payload)}\n`;
      return waiting.next();
    },
    close: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
