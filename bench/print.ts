import type { Question } from "./question.ts";
import type { Report, Row } from "./report.ts";

/** One JSON value a line. */
export function printJson(_: Question, report: Report): void {
  console.log(JSON.stringify(report));
}

export function printTable(question: Question, report: Report): void {
  const rows = [heading(report), ...report.rows.map(cells)];
  const widths = heading(report).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log(`${report.question}: ${question.title}`);
  for (const row of rows) {
    const [name = "", ...numbers] = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${[name, ...numbers].join("  ")}`);
  }
  console.log();
}

/** As it stands in docs/performance.md. */
export function printMarkdown(question: Question, report: Report): void {
  const [name, ...numbers] = heading(report);
  const lines = [
    `### ${report.question}`,
    "",
    question.title,
    "",
    `| ${[name, ...numbers].join(" | ")} |`,
    `|---|${"--:|".repeat(numbers.length)}`,
    ...report.rows.map((row) => `| ${cells(row).join(" | ")} |`),
    "",
  ];
  console.log(lines.join("\n"));
}

function heading({ unit }: Report): readonly string[] {
  return ["", `median, ${unit}`, `p99, ${unit}`, "ratio", "samples"];
}

function cells({ name, samples, median, p99, ratio }: Row): readonly string[] {
  if (median === null) return [name, "unavailable", "", "", "0"];
  return [name, number(median), number(p99), ratio?.toFixed(2) ?? "", String(samples)];
}

function number(value: number | null): string {
  if (value === null) return "";
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 1000 ? 1 : 0 });
}
