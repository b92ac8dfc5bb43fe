import { printBug } from "./print-bug.js";

/** Longest that a health hook may take before the guest answers for it. */
const MAX_HEALTH_MS = 1_000;

/** Answers pings: the guest is alive, whatever the plugin's own hook does. */
export class Health {
  readonly #hook: (() => unknown) | undefined;
  /** One at a time, so that a hook that hangs is not called again and again. */
  #running: Promise<boolean> | undefined;

  constructor(hook: (() => unknown) | undefined) {
    this.#hook = hook;
  }

  /** Whether the plugin wants calls. Never rejects, and never takes longer than the host waits. */
  async ask(timeoutMs: number = 2 * MAX_HEALTH_MS): Promise<boolean> {
    if (this.#hook === undefined) return true;
    this.#running ??= run(this.#hook).finally(() => {
      this.#running = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, Math.min(MAX_HEALTH_MS, timeoutMs / 2), false);
    });
    return Promise.race([this.#running, late]).finally(() => clearTimeout(timer));
  }
}

async function run(hook: () => unknown): Promise<boolean> {
  try {
    return (await hook()) !== false;
  } catch (thrown) {
    printBug(thrown);
    return false;
  }
}
