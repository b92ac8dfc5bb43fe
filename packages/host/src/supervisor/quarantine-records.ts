import { ERRORS, isErrorCode } from "@paddock/contract";
import type { Store } from "../store/store.js";
import type { LifecycleFailure } from "../telemetry/lifecycle-event.js";

/** Who is in quarantine, remembered over the end of the host. */
export interface QuarantineRecords {
  get(plugin: string): Promise<LifecycleFailure | undefined>;
  /** Resolves when it is on disk. */
  set(plugin: string, failure: LifecycleFailure): Promise<void>;
  /** Resolves when it is off the disk. */
  delete(plugin: string): Promise<void>;
}

/** No plugin can be called so: their names have a publisher. */
const OWNER = { plugin: "host", tenant: "quarantine" };
const BOUNDS = { maxBytes: 16 * 1024 ** 2, maxKeys: 10_000 };

export function createQuarantineRecords(store: Store): QuarantineRecords {
  const records = store.keyValues(OWNER);
  return {
    get: async (plugin) => {
      const text = await records.get(plugin);
      return text === undefined ? undefined : readFailure(JSON.parse(text));
    },
    set: async (plugin, { code, message }) => {
      await records.set(plugin, JSON.stringify({ code, message }), BOUNDS);
    },
    delete: (plugin) => records.delete(plugin),
  };
}

/** What an older or newer host wrote; that it is there at all is what counts. */
function readFailure(value: unknown): LifecycleFailure {
  // Safe: looked at before it is used.
  const { code, message } = (value ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const known = isErrorCode(code) ? code : "CRASHED";
  return {
    code: known,
    message: typeof message === "string" ? message : "unknown",
    fault: ERRORS[known].fault,
  };
}
