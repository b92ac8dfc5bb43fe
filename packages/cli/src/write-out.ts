import { once } from "node:events";

/** Writes to standard output and waits while its reader is slower than we are. False when nobody reads any more. */
export async function writeOut(content: string | Uint8Array): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed || !stdout.writable) return false;
  if (stdout.write(content)) return true;
  const stop = new AbortController();
  try {
    await Promise.race([
      once(stdout, "drain", { signal: stop.signal }),
      once(stdout, "close", { signal: stop.signal }),
    ]);
    return !stdout.destroyed;
  } catch {
    // A reader that left (EPIPE) has what it wanted.
    return false;
  } finally {
    stop.abort();
  }
}
