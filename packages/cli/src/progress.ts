import type { Stream } from "./terminal.js";

/** Something that goes on. */
export interface Progress {
  /** Names what goes on now. */
  now(doing: string): void;
  /** Writes whole lines above it. */
  above(lines: string): void;
  /** Removes it; may be called twice. */
  end(): void;
}

/** For output that nobody watches: only the lines. */
export function silentProgress(stream: Stream): Progress {
  return { now: () => undefined, above: (lines) => stream.write(lines), end: () => undefined };
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
/** What is done sooner is not shown: a flicker tells nobody anything. */
const SHOW_AFTER_MS = 200;
const CLEAR_LINE = "\r\u001b[2K";

/** One moving line, which is gone at the end. */
export function showProgress(stream: Stream, start: string): Progress {
  let doing = start;
  let frame = 0;
  let isShown = false;
  const draw = () => {
    isShown = true;
    const text = `${FRAMES[frame++ % FRAMES.length]} ${doing}`.slice(0, stream.width - 1);
    stream.write(`${CLEAR_LINE}${stream.colors.dim(text)}`);
  };
  const clear = () => {
    if (isShown) stream.write(CLEAR_LINE);
    isShown = false;
  };
  const startedAt = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - startedAt >= SHOW_AFTER_MS) draw();
  }, FRAME_MS).unref();
  return {
    now: (next) => {
      doing = next;
    },
    above: (lines) => {
      clear();
      stream.write(lines);
    },
    end: () => {
      clearInterval(timer);
      clear();
    },
  };
}
