import { styleText } from "node:util";

const WIDTH = 80;

/** Where the demo writes: plain text of 80 columns, with colours on a terminal only. */
export interface Page {
  title(text: string): void;
  /** Begins a part: its number, what happens, and a sentence about it. */
  part(number: number, heading: string, about: string): void;
  /** Prose, wrapped and indented. */
  say(text: string): void;
  /** A fact: its name, and what was measured. */
  fact(name: string, value: string): void;
  /** A line as it is. */
  line(text: string): void;
  /** Marks words as good, bad, less important or strong; as they are without colours. */
  readonly good: Mark;
  readonly bad: Mark;
  readonly dim: Mark;
  readonly strong: Mark;
}

type Mark = (text: string) => string;
type Style = Parameters<typeof styleText>[0];

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createPage(output: Output, environment: Readonly<Record<string, string | undefined>>): Page {
  const isColoured = output.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
  const mark = (style: Style): Mark =>
    isColoured ? (text) => styleText(style, text, { validateStream: false }) : (text) => text;
  const [good, bad, dim, strong] = [mark("green"), mark("red"), mark("dim"), mark("bold")];
  const line = (text: string) => void output.write(`${text.trimEnd()}\n`);
  const say = (text: string) => {
    for (const row of wrap(text, WIDTH - 2)) line(`  ${row}`);
  };
  return {
    title: (text) => line(`\n${strong(text)}`),
    part(number, heading, about) {
      const rule = "─".repeat(Math.max(0, WIDTH - heading.length - 5));
      line(`\n${strong(`${number}  ${heading}`)} ${dim(rule)}`);
      for (const row of wrap(about, WIDTH - 2)) line(dim(`  ${row}`));
      line("");
    },
    say,
    fact: (name, value) => line(`  ${name.padEnd(28)}${value}`),
    line,
    good,
    bad,
    dim,
    strong,
  };
}

function wrap(text: string, width: number): readonly string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(/\s+/)) {
    if (row !== "" && row.length + word.length >= width) {
      rows.push(row);
      row = word;
    } else row = row === "" ? word : `${row} ${word}`;
  }
  return [...rows, row];
}
