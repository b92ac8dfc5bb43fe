import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createProgram } from "../program.js";
import { createTerminal } from "../terminal.js";
import { complete, type Knowledge } from "./complete.js";
import { COMPLETION_SCRIPTS } from "./scripts.js";

const program = createProgram(createTerminal([]), () => undefined);
const knowledge: Knowledge = {
  plugins: async () => [{ value: "acme/hello", about: "" }],
  actions: async (plugin) => (plugin === "acme/hello" ? [{ value: "greet", about: "" }] : []),
};

async function after(...words: readonly string[]): Promise<readonly string[] | string> {
  const completion = await complete(program, words, knowledge);
  return completion.kind === "values" ? completion.values.map(({ value }) => value) : completion.kind;
}

describe("complete()", () => {
  it.each([
    [["re"], ["reload", "resume", "restart", "release"]],
    [
      ["data", ""],
      ["show", "export", "clear"],
    ],
    [["data", "s"], ["show"]],
    [["completion", "b"], ["bash"]],
    [["run", ""], "dirs"],
    [["serve", "--load", ""], "dirs"],
    [["ps", "--home", "x"], "dirs"],
    [["serve", "--preset", "d"], ["development"]],
    [["call", ""], ["acme/hello"]],
    [["call", "acme/hello", ""], ["greet"]],
    [["call", "--tenant", "t", "acme/hello", "g"], ["greet"]],
    [["call", "acme/hello", "greet", "@x"], "files"],
    [["call", "acme/hello", "greet", "{"], []],
    [["logs", "--fo"], ["--follow"]],
    [["data", "clear", "--y"], ["--yes"]],
    [["nothing", "here", ""], []],
  ] as const)("after %j offers %j", async (words, expected) => {
    expect(await after(...words)).toEqual(expected);
  });

  it("knows every command that the help lists, and none that it hides", async () => {
    const all = await after("");
    for (const name of ["serve", "dev", "call", "top", "exec", "help"]) expect(all).toContain(name);
    expect(all).not.toContain("__complete");
  });
});

describe("the bash script", () => {
  /** What bash would offer, with a command in paddock's place that says so many lines. */
  const offer = (words: string, said: string) => {
    const script = `paddock() { printf '%s\\n' "asked:$*" >&2; printf '${said}'; }
      ${COMPLETION_SCRIPTS.bash}
      compopt() { :; }
      COMP_WORDS=(${words}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _paddock; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, status } = spawnSync("bash", ["-uc", script], { encoding: "utf8", cwd: "/" });
    return status === 0 ? stdout.trim().split("\n") : `status ${status}`;
  };

  it("offers what the command says, however odd it is", () => {
    expect(offer("paddock ca", "values\\ncall\\tmakes a call\\n*\\t$(id)\\n")).toEqual(["call", "*"]);
    expect(offer('paddock ""', "")).toEqual([""]);
    expect(offer("paddock run et", "dirs\\n")).toEqual(["etc"]);
    expect(offer("paddock call a/b c @et", "files\\n")).toEqual(["@etc"]);
  });
});

it.each(["bash", "zsh", "fish"] as const)(
  "the script for %s is sound, as far as that shell is here",
  (shell) => {
    const isHere = spawnSync(shell, ["--version"]).status === 0;
    const check = isHere
      ? spawnSync(shell, ["-n"], { input: COMPLETION_SCRIPTS[shell], encoding: "utf8" })
      : { status: 0, stderr: "" };
    expect(check).toMatchObject({ status: 0, stderr: "" });
    expect(COMPLETION_SCRIPTS[shell]).toContain("__complete --");
  },
);
