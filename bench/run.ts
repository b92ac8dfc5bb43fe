/**
 * npm run bench -- NAME [--json | --markdown] [--quick]
 *
 * NAME is a question, or `all` of them one after another. `--json` prints one report a line, `--markdown` what
 * docs/performance.md shows, `--quick` takes a few seconds and is only good to see that everything works.
 */
import { parseArgs } from "node:util";
import { batch } from "./batch.ts";
import { callOverhead } from "./call-overhead.ts";
import { coldStart } from "./cold-start.ts";
import { densityMemory, densityStart } from "./density.ts";
import { guestMemory } from "./guest-memory.ts";
import { describeMachine } from "./machine.ts";
import { pipeline } from "./pipeline.ts";
import { printJson, printMarkdown, printTable } from "./print.ts";
import { PYTHON_QUESTIONS } from "./python.ts";
import { makeReport } from "./report.ts";
import { soak } from "./soak.ts";
import { stream } from "./stream.ts";
import { throughput } from "./throughput.ts";
import { warmStart } from "./warm-start.ts";

const QUESTIONS = [
  callOverhead,
  throughput,
  coldStart,
  warmStart,
  guestMemory,
  pipeline,
  batch,
  stream,
  ...PYTHON_QUESTIONS,
  densityMemory,
  densityStart,
  soak,
];

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;
const EXIT_TEMPORARY = 75;
const EXIT_SIGNAL = 130;

/** A question takes less than half of this; past it somebody does not answer. */
const TOO_LONG_MS = 180_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, markdown: { type: "boolean" }, quick: { type: "boolean" } },
});
const [name] = positionals;
const asked =
  name === "all"
    ? QUESTIONS
    : name === "python"
      ? PYTHON_QUESTIONS
      : QUESTIONS.filter((question) => question.name === name);
const print = values.json ? printJson : values.markdown ? printMarkdown : printTable;

if (asked.length === 0 || positionals.length !== 1) {
  const names = [...QUESTIONS.map((question) => question.name), "python", "all"].join(" | ");
  process.stderr.write(`Usage: npm run bench -- ${names} [--json | --markdown] [--quick]\n`);
  process.exitCode = EXIT_USAGE;
}
// Through `exit`, so that what is temporary is removed; guests end with their host.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => process.exit(EXIT_SIGNAL));
if (values.markdown && asked.length > 0)
  console.log(`${new Date().toISOString().slice(0, 10)}: ${describeMachine()}.\n`);
for (const question of asked) {
  const tooLong = setTimeout(() => stop(question.name), TOO_LONG_MS);
  const measured = await question.measure({ isQuick: values.quick ?? false });
  clearTimeout(tooLong);
  for (const one of measured) {
    if (one.kind === "unavailable") process.stderr.write(`${one.name} is unavailable: ${one.reason}\n`);
  }
  print(question, makeReport(question, measured));
}

function stop(question: string): void {
  process.stderr.write(`"${question}" was not answered within ${TOO_LONG_MS / 1000} s.\n`);
  process.exit(EXIT_TEMPORARY);
}
