import { ERRORS, type ErrorCode, formatSize, isPaddockError, PaddockError } from "@paddock/contract";
import { z } from "zod";
import { fitsOneLine } from "./fits-one-line.js";
import type { CapabilityProvider, ProviderMethod, ProviderRequest } from "./provider.js";

/** One answer of another plugin, as JSON; writing it holds up everybody, two milliseconds for so much. */
export const MAX_ANSWER_BYTES = 256 * 1024;
/** A character becomes at most so many bytes: a control character is written as its number. */
const MAX_BYTES_PER_CHARACTER = 6;
const MAX_TIMEOUT_MS = 24 * 3_600_000;

/** The call a plugin asks for. */
export interface PluginCallTarget {
  readonly plugin: string;
  readonly action: string;
  readonly payload: unknown;
  readonly timeoutMs: number | undefined;
}

/**
 * Makes the call for the one who asks: with its tenant, its person, and what is left of its own call's time. `over`
 * aborts when nobody reads the answer any more.
 */
export type CallPlugin = (
  request: ProviderRequest,
  target: PluginCallTarget,
  over: AbortSignal,
) => Promise<unknown>;

/** `plugin.call`: actions of other plugins, as far as their manifests name this one under `callers`. */
export function createPluginCallProvider(callPlugin: CallPlugin): CapabilityProvider {
  const call: ProviderMethod<z.output<typeof params>> = {
    params,
    asks: ({ plugin, action }) => ({ plugin, actions: [action] }),
    run: async ({ plugin, action, payload = null, timeoutMs }, request) => {
      const over = new AbortController();
      try {
        return {
          value: bounded(await callPlugin(request, { plugin, action, payload, timeoutMs }, over.signal)),
        };
      } catch (error) {
        throw forCaller(error);
      } finally {
        // Ends streams that came with an answer: nobody will read them.
        over.abort();
      }
    },
  };
  return {
    capability: "plugin.call",
    // Safe: the broker gives `run` and `asks` what these `params` have parsed, and nothing else.
    methods: { "plugin.call": call as ProviderMethod },
    // What runs ends with the calls it is made for.
    close: () => Promise.resolve(),
  };
}

const TIME_WORDS = `a number above 0 and at most ${MAX_TIMEOUT_MS}`;

const params = z.strictObject({
  plugin: name(104, "the id of a plugin"),
  action: name(64, "the name of an action"),
  payload: z.unknown().optional(),
  timeoutMs: z
    .number({ error: TIME_WORDS })
    .gt(0, { error: TIME_WORDS })
    .lte(MAX_TIMEOUT_MS, { error: TIME_WORDS })
    .optional(),
});

function name(most: number, what: string) {
  const error = `${what}, text of 1 to ${most} characters`;
  return z.string({ error }).min(1, { error }).max(most, { error });
}

/** What a guest can be told in one line. Bytes, streams and files do not go from guest to guest. */
function bounded(value: unknown): unknown {
  if (fitsOneLine(value, MAX_ANSWER_BYTES / MAX_BYTES_PER_CHARACTER) === "fits") return value;
  const fit = fitsOneLine(value, MAX_ANSWER_BYTES);
  if (fit === "not-json") {
    throw new PaddockError("OUTPUT_INVALID", "The answer has bytes, a stream or a file in it.");
  }
  // Only what is not much larger is written to be counted.
  if (fit === "fits" && Buffer.byteLength(JSON.stringify(value)) <= MAX_ANSWER_BYTES) return value;
  throw new PaddockError(
    "RESULT_TOO_LARGE",
    `The answer has more than ${formatSize(MAX_ANSWER_BYTES)}, which is most between two plugins.`,
  );
}

/** Codes whose message is about what the caller itself sent or was promised; of others it learns the meaning only. */
const TOLD: ReadonlySet<ErrorCode> = new Set(["PLUGIN_ERROR", "INPUT_INVALID", "RESULT_TOO_LARGE"]);
/** What may go on to the caller of what is known about a failure. */
const TOLD_DATA = ["pluginCode", "details", "problems", "retryAfterMs"] as const;

/**
 * Another plugin's failure, as the calling plugin may see it. A denial that the other one met is that one's: the
 * caller would take it for its own.
 */
function forCaller(error: unknown): unknown {
  if (!isPaddockError(error)) return error;
  const code =
    error.code.startsWith("CAPABILITY_") || error.code === "CALL_NOT_LIVE" ? "PLUGIN_BUG" : error.code;
  const data = Object.fromEntries(
    TOLD_DATA.flatMap((key) => (error.data[key] === undefined ? [] : [[key, error.data[key]]])),
  );
  return new PaddockError(code, TOLD.has(code) ? error.message : ERRORS[code].title, { data, cause: error });
}
