import {
  type ErrorCode,
  escapeText,
  isCapabilityId,
  isErrorCode,
  MAX_ERROR_CHARACTERS,
  PaddockError,
  type WireError,
} from "@paddock/contract";
import type { GuestEnd } from "../isolation/isolation.js";
import type { LoadedAction, LoadedPlugin } from "./plugin.js";

interface Identity {
  readonly plugin: LoadedPlugin;
}

/** Codes that a guest may give as the reason of its own failure. */
const GUEST_CODES: readonly ErrorCode[] = [
  "PLUGIN_ERROR",
  "PLUGIN_BUG",
  "ACTION_NOT_FOUND",
  "INPUT_INVALID",
  "OUTPUT_INVALID",
  "RESULT_TOO_LARGE",
  "START_FAILED",
  "PLUGIN_MISMATCH",
  "DISK_LIMIT",
  "MEMORY_LIMIT",
  "CANCELLED",
];

/** The host's error for a failure that a guest reported; its text is bounded and escaped, its data only JSON. */
export function replyError(
  { plugin }: Identity,
  action: LoadedAction | undefined,
  error: WireError,
): PaddockError {
  const { id } = plugin.manifest;
  const said = sentence(escapeText(error.message.slice(0, MAX_ERROR_CHARACTERS)));
  const claimed = error.data?.code;
  const code =
    deniedCode(error) ?? (isErrorCode(claimed) && GUEST_CODES.includes(claimed) ? claimed : "PLUGIN_BUG");
  const doing = action === undefined ? `start "${id}"` : `run "${action.name}" of "${id}"`;
  if (code !== "PLUGIN_ERROR") {
    return new PaddockError(
      action === undefined && code === "PLUGIN_BUG" ? "START_FAILED" : code,
      `Cannot ${doing}: ${said}`,
      {
        hint:
          code === "PLUGIN_BUG" || code === "START_FAILED" ? "The plugin's log has the stack." : undefined,
        data: { plugin: id, ...(action === undefined ? {} : { action: action.name }) },
      },
    );
  }
  const given = error.data?.pluginCode;
  // Only a text: String() would call, or fail to call, what a guest put in an object's place.
  const pluginCode = typeof given === "string" ? given.slice(0, 64) : "";
  // A code that the manifest does not declare is nothing a caller could have prepared for.
  const undeclared = action === undefined ? "START_FAILED" : "PLUGIN_BUG";
  const isDeclared = action !== undefined && Object.hasOwn(action.errors, pluginCode);
  return new PaddockError(isDeclared ? "PLUGIN_ERROR" : undeclared, `Cannot ${doing}: ${said}`, {
    hint: isDeclared
      ? action.errors[pluginCode]
      : `Declare ${escapeText(JSON.stringify(pluginCode))} under errors in the manifest.`,
    data: { plugin: id, action: action?.name, pluginCode, details: error.data?.details },
  });
}

/** With its full stop, whether the guest wrote one or not. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** A denial that the plugin did not catch: what it needs is a permission, not a repair. */
function deniedCode({ data }: WireError): ErrorCode | undefined {
  if (!isCapabilityId(data?.capability)) return undefined;
  return data?.denial === "CAPABILITY_NOT_GRANTED" ? "CAPABILITY_NOT_GRANTED" : "CAPABILITY_NOT_DECLARED";
}

/** The host's error for a guest that ended: code, message and evidence of the end. */
export function endError(
  { plugin }: Identity,
  end: GuestEnd,
  startingCode?: ErrorCode,
  action?: LoadedAction,
): PaddockError {
  const { id } = plugin.manifest;
  // Exiting or crashing before it was ready is a failed start; a limit stays a limit.
  const isPlain = end.code === undefined || end.code === "CRASHED" || end.code === "KILLED";
  const code = isPlain && startingCode !== undefined ? startingCode : (end.code ?? "CRASHED");
  const doing = action === undefined ? `start "${id}"` : `run "${action.name}" of "${id}"`;
  return new PaddockError(code, `Cannot ${doing}: ${end.message}.`, {
    hint: end.hint,
    data: { plugin: id, ...(action === undefined ? {} : { action: action.name }), evidence: end.evidence },
  });
}

/** For the calls that were innocent of their guest's end. */
export function recycledError({ plugin }: Identity, action: LoadedAction, end: GuestEnd): PaddockError {
  const { id } = plugin.manifest;
  return new PaddockError(
    "GUEST_RECYCLED",
    `Cannot run "${action.name}" of "${id}": its guest ended for another call: ${end.message}.`,
    {
      hint: "Call again.",
      data: { plugin: id, action: action.name, cause: end.code ?? "CRASHED" },
    },
  );
}
