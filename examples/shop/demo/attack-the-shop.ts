import { rm } from "node:fs/promises";
import { createHost } from "@paddock/host";
import { attackInPaddock } from "./attack-in-paddock.ts";
import { attackInPlainNode } from "./attack-in-plain-node.ts";
import { ATTACKS, type Attack } from "./attacks.ts";
import { type Belongings, createBelongings } from "./belongings.ts";
import { makeHome, pluginFolder } from "./open-shop.ts";
import type { Outcome } from "./outcome.ts";
import type { Page } from "./page.ts";

const [TITLE_WIDTH, CONTROL_WIDTH] = [28, 14];

/** A plugin that fails so often would be given a rest, and what refuses the attacks after that would be no wall. */
const PATIENCE = { breaker: { failures: 1_000 }, restart: { crashes: 1_000 } };

interface Row {
  readonly attack: Attack;
  readonly control: Outcome;
  readonly walled: Outcome;
  /** Whether it worked without walls: one that does not shows nothing. */
  readonly isReal: boolean;
  readonly isStopped: boolean;
}

/** Part two: every attack in plain Node and in Paddock. True when each worked there and was stopped here. */
export async function attackTheShop(page: Page, options: { readonly isDetailed: boolean }): Promise<boolean> {
  page.part(
    2,
    "A plugin attacks",
    "mallory/stickers, the same code twice: in the process of a plain Node application, and in Paddock. The guards " +
      "inside the language are switched off here, so what refuses is the kernel.",
  );
  page.line(
    page.dim(`  ${"it tries to".padEnd(TITLE_WIDTH)}${"in plain Node".padEnd(CONTROL_WIDTH)}in Paddock`),
  );
  const rows = await runAttacks((row) => printRow(page, row, options.isDetailed));
  const [stopped, real] = [count(rows, "isStopped"), count(rows, "isReal")];
  page.line("");
  page.say(
    `${stopped} of ${rows.length} refused in Paddock; ${real} of ${rows.length} succeeded in plain Node.`,
  );
  return stopped === rows.length && real === rows.length;
}

/** A fresh set of belongings for each side: what the control destroys must not look like a wall. */
async function runAttacks(onRow: (row: Row) => void): Promise<readonly Row[]> {
  await using open = await createBelongings();
  await using guarded = await createBelongings();
  const home = await makeHome();
  // What a plugin in this process would find; the shop has its secrets where applications have them.
  process.env[guarded.target.secretName] = guarded.secret;
  const host = await createHost({ home, interpreter: { guards: false }, defaults: PATIENCE });
  try {
    await host.load(pluginFolder("stickers"));
    const rows: Row[] = [];
    for (const attack of ATTACKS) {
      const control = await attackInPlainNode(attack, open);
      const walled = await attackInPaddock(host, attack, guarded);
      const row = judge({ attack, control, walled }, open, guarded);
      rows.push(row);
      onRow(row);
    }
    return rows;
  } finally {
    delete process.env[guarded.target.secretName];
    await host.close();
    await rm(home, { recursive: true, force: true });
  }
}

function judge(
  found: Pick<Row, "attack" | "control" | "walled">,
  open: Belongings,
  guarded: Belongings,
): Row {
  const { attack, control, walled } = found;
  return { ...found, isReal: attack.isDone(control, open), isStopped: !attack.isDone(walled, guarded) };
}

function printRow(
  page: Page,
  { attack, control, walled, isReal, isStopped }: Row,
  isDetailed: boolean,
): void {
  const plain = (isReal ? "succeeded" : "failed").padEnd(CONTROL_WIDTH);
  const refusal = `refused by ${describeStop(walled, attack)}`;
  page.line(
    `  ${attack.title.padEnd(TITLE_WIDTH)}${(isReal ? page.dim : page.bad)(plain)}${isStopped ? page.good(refusal) : page.bad("SUCCEEDED")}`,
  );
  if (!isDetailed) return;
  page.line(page.dim(`      in plain Node: ${describeOutcome(control)}`));
  page.line(page.dim(`      in Paddock: ${describeOutcome(walled)}`));
}

/** What stopped it, in at most 25 columns. */
function describeStop({ stop }: Outcome, { otherwise }: Attack): string {
  if (stop === undefined) return otherwise ?? "nothing that it noticed";
  const words = WORDS.get(stop.code);
  return words === undefined ? stop.code : `${stop.code}, ${words}`;
}

/** Codes in fewer words than the system's own, which `--details` shows. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "not in its files"],
  ["EPERM", "not permitted"],
  ["EACCES", "not executable"],
  ["ESRCH", "no such process"],
  ["DISK_LIMIT", "no space left"],
  ["MEMORY_LIMIT", "guest ended"],
  // Where no control group counts, a limit of the process makes the allocation fail.
  ["RangeError", "no memory left"],
]);

function describeOutcome({ loot, stop, exitCode }: Outcome): string {
  if (stop !== undefined) return stop.words.slice(0, 200);
  if (loot !== undefined && loot !== null) return `got ${JSON.stringify(loot)}`;
  return exitCode === undefined || exitCode === 0 ? "done" : `exit status ${exitCode}`;
}

function count(rows: readonly Row[], claim: "isReal" | "isStopped"): number {
  return rows.filter((row) => row[claim]).length;
}
