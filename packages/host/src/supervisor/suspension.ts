import type { GuestProcess } from "../isolation/isolation.js";
import type { GuestCalls } from "./guest-calls.js";
import type { GuestRequests } from "./guest-requests.js";

/** How long a guest may take for its suspend and resume hooks. */
export const SUSPEND_HOOK_MS = 1_000;

export interface SuspensionOptions {
  readonly process: GuestProcess;
  readonly requests: GuestRequests;
  readonly calls: GuestCalls;
  /** Whether the plugin is to be told: a guest that is ending runs no hooks. */
  readonly mayTell: () => boolean;
}

/** Whether a guest stands still, and how it gets there and back. */
export class Suspension {
  readonly #options: SuspensionOptions;
  #state: "none" | "hook" | "frozen" = "none";

  constructor(options: SuspensionOptions) {
    this.#options = options;
  }

  /** True from the beginning of its suspend hook to the end of its resume hook. */
  get isOn(): boolean {
    return this.#state !== "none";
  }

  get isHookRunning(): boolean {
    return this.#state === "hook";
  }

  /** Tells the plugin, then freezes every process of the guest. */
  async begin(): Promise<void> {
    if (this.#state !== "none") return;
    const { process, requests, calls, mayTell } = this.#options;
    this.#state = "hook";
    if (mayTell()) await requests.hook("suspend", SUSPEND_HOOK_MS);
    calls.pause();
    await process.suspend();
    this.#state = "frozen";
  }

  /** Lets it go on where it stood, then tells the plugin. False when it did not stand still. */
  async end(): Promise<boolean> {
    if (this.#state !== "frozen") return false;
    const { process, requests, calls, mayTell } = this.#options;
    await process.resume();
    calls.resume();
    this.#state = "hook";
    if (mayTell()) await requests.hook("resume", SUSPEND_HOOK_MS);
    this.#state = "none";
    return true;
  }
}
