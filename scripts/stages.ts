import { type Counts, FAILED } from "./counts.ts";

export interface Stage {
  readonly name: string;
  run(): Promise<Counts>;
}

interface StageResult {
  readonly name: string;
  readonly counts: Counts;
  readonly seconds: number;
}

/** Runs one stage after the other under a heading each, a failed one too, and ends with a table of them. */
export async function runStages(stages: readonly Stage[]): Promise<readonly Counts[]> {
  const results: StageResult[] = [];
  for (const stage of stages) {
    console.log(`\n── ${stage.name}`);
    results.push(await runStage(stage));
  }
  console.log(`\n${results.map(describe).join("\n")}\n`);
  return results.map(({ counts }) => counts);
}

async function runStage(stage: Stage): Promise<StageResult> {
  const startedAt = performance.now();
  const counts = await stage.run().catch((error: unknown) => {
    console.error(error);
    return FAILED;
  });
  return { name: stage.name, counts, seconds: (performance.now() - startedAt) / 1_000 };
}

function describe({ name, counts, seconds }: StageResult): string {
  const outcome = counts.failed > 0 ? "failed" : counts.skipped > 0 ? "skipped" : "passed";
  return `${outcome.padEnd(8)}${`${seconds.toFixed(1)} s`.padStart(8)}  ${name}`;
}
