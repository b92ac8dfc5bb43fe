const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_REST = "\u001b[J";
const CLEAR_LINE = "\u001b[K";

/** Shows each page in place of the one before, on a screen of its own that is gone afterwards. */
export async function showLive<T>(values: AsyncIterable<T>, page: (value: T) => string): Promise<void> {
  const { stdout } = process;
  stdout.write(ENTER);
  try {
    for await (const value of values) {
      const height = Math.max(1, (stdout.rows || 24) - 1);
      const lines = page(value).split("\n").slice(0, height);
      stdout.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join("\n")}${CLEAR_REST}`);
    }
  } finally {
    stdout.write(LEAVE);
  }
}
