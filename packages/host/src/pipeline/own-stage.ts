import { isPaddockError, PaddockError } from "@paddock/contract";
import { describeThrown } from "./describe-thrown.js";
import { encodePayload } from "./encode-payload.js";
import { type PipelineCall, remainingMs, type Stage } from "./pipeline.js";

/** A stage that an application puts between ours. */
export interface OwnStage {
  /** For traces and errors: its own, and none of ours. */
  readonly name: string;
  /** The stage of ours that it stands right before, or right after. One of the two. */
  readonly before?: string;
  readonly after?: string;
  /**
   * Resolves with the answer: what `next` resolves with, or another. May refuse by throwing; what is no PaddockError
   * becomes INTERNAL. `next` may be called once, and may be given another payload. The total deadline holds for it.
   */
  readonly run: (
    call: StageCall,
    next: (change?: { readonly payload: unknown }) => Promise<unknown>,
  ) => unknown;
}

/** What an application's stage sees of a call. */
export interface StageCall {
  readonly plugin: string;
  readonly version: string;
  readonly action: string;
  readonly isIdempotent: boolean;
  readonly tenant: string;
  readonly caller: string | undefined;
  /** Plugins that led to this call; empty when the application calls. */
  readonly chain: readonly string[];
  /** The caller's own object until it has been validated, then what is sent. */
  readonly payload: unknown;
  readonly traceparent: string;
  readonly remainingMs: number;
  readonly signal: AbortSignal | undefined;
}

/** An application's stage among ours: whatever it does, the call settles once and with a PaddockError. */
export function ownStage({ name, run }: OwnStage): Stage {
  return (next) => async (call) => {
    let isPassed = false;
    const pass = (change?: { readonly payload: unknown }): Promise<unknown> => {
      if (isPassed) return handled(Promise.reject(calledTwice(name, call)));
      isPassed = true;
      return handled(passOn(call, change));
    };
    try {
      return await run(viewOf(call), pass);
    } catch (cause) {
      if (isPaddockError(cause)) throw cause;
      throw new PaddockError(
        "INTERNAL",
        `Cannot run "${call.action.name}" of "${call.plugin.manifest.id}": the application's stage "${name}" failed: ${describeThrown(cause)}.`,
        { hint: "Correct the stage; to refuse a call, let it throw a PaddockError.", cause },
      );
    }

    async function passOn(one: PipelineCall, change?: { readonly payload: unknown }): Promise<unknown> {
      if (change === undefined) return next(one);
      const { payload } = change;
      // Before validation it is validated like the caller's own; after it, it is the application's word.
      const encoded = one.encoded === undefined ? undefined : encodePayload(payload, one.plugin, one.action);
      return next({ ...one, payload, encoded });
    }
  };
}

/** A stage that does not wait for what it asked for leaves no unhandled rejection. */
function handled(answer: Promise<unknown>): Promise<unknown> {
  answer.catch(() => undefined);
  return answer;
}

function viewOf(call: PipelineCall): StageCall {
  return Object.freeze({
    plugin: call.plugin.manifest.id,
    version: call.plugin.manifest.version,
    action: call.action.name,
    isIdempotent: call.action.isIdempotent,
    tenant: call.tenant,
    caller: call.caller,
    chain: call.chain.map(({ id }) => id),
    get payload(): unknown {
      return call.encoded === undefined ? call.payload : JSON.parse(call.encoded.json);
    },
    traceparent: call.traceparent,
    get remainingMs(): number {
      return Math.max(0, remainingMs(call));
    },
    signal: call.signal,
  });
}

function calledTwice(name: string, { action, plugin }: PipelineCall): PaddockError {
  return new PaddockError(
    "INTERNAL",
    `Cannot run "${action.name}" of "${plugin.manifest.id}" twice: the application's stage "${name}" called next again.`,
    { hint: "Call next once; what may be tried again is for the stage retry." },
  );
}
