/** A cell: text, and how it is painted once its width is known. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = 2;
/** Narrower last columns are not wrapped but left to the terminal. */
const MIN_WRAP_WIDTH = 20;

/** Rows in columns; the last column is wrapped to the width and hangs. Ends with a newline. */
export function formatTable(rows: readonly (readonly Cell[])[], width: number, indent = 2): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(0, ...rows.filter((row) => row.length - 1 > at).map((row) => textOf(row[at]).length)),
  );
  return rows.map((row) => formatRow(row, widths, width, indent)).join("");
}

function formatRow(row: readonly Cell[], widths: readonly number[], width: number, indent: number): string {
  let line = " ".repeat(indent);
  let at = indent;
  for (const [index, cell] of row.slice(0, -1).entries()) {
    const cellWidth = (widths[index] ?? 0) + GAP;
    line += paint(cell, textOf(cell)) + " ".repeat(cellWidth - textOf(cell).length);
    at += cellWidth;
  }
  const last = row.at(-1) ?? "";
  const lines = wrap(textOf(last), width - at).map((text) => paint(last, text));
  return `${line}${lines.join(`\n${" ".repeat(at)}`)}`.replace(/[ \t]+$/gm, "").concat("\n");
}

/** Breaks at spaces; a word that is too long stays whole, so that a path can be copied. */
export function wrap(text: string, width: number): readonly string[] {
  if (width < MIN_WRAP_WIDTH) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === "object" ? cell.text : (cell ?? "");
}

function paint(cell: Cell, text: string): string {
  return typeof cell === "object" ? cell.paint(text) : text;
}
