import { escapeText, type ProgressParams } from "@paddock/contract";
import { Call, type Progress } from "./call.js";
import type { ReplyTarget } from "./connection.js";

/** Between two reports of one call; what a guest says more often is dropped. An SDK says less. */
export const MIN_PROGRESS_MS = 50;

const MAX_MESSAGE_CHARACTERS = 200;

/** Tells callers how far their calls are: only for calls that live in this guest, and only who asked for it. */
export class GuestProgress {
  readonly #find: (id: number) => ReplyTarget | undefined;
  readonly #toldAt = new WeakMap<Call, number>();

  constructor(find: (id: number) => ReplyTarget | undefined) {
    this.#find = find;
  }

  /** `params` are the guest's. */
  receive(params: unknown): void {
    // Safe: every field is looked at before it is used.
    const { call: id, fraction, message } = (params ?? {}) as Partial<Record<keyof ProgressParams, unknown>>;
    const call = typeof id === "number" ? this.#find(id) : undefined;
    if (!(call instanceof Call) || call.isSettled) return;
    const { onProgress } = call.request;
    const now = performance.now();
    if (onProgress === undefined || now - (this.#toldAt.get(call) ?? 0) < MIN_PROGRESS_MS) return;
    this.#toldAt.set(call, now);
    const progress: Progress = {
      ...(typeof fraction === "number" ? { fraction: Math.min(Math.max(fraction, 0), 1) } : {}),
      ...(typeof message === "string"
        ? { message: escapeText(message.slice(0, MAX_MESSAGE_CHARACTERS)) }
        : {}),
    };
    try {
      onProgress(progress);
    } catch (error) {
      // The application's mistake; it must not look like the guest's.
      process.emitWarning(`onProgress threw: ${String(error)}`, { code: "PADDOCK_ON_PROGRESS" });
    }
  }
}
