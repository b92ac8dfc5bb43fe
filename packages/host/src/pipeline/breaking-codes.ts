import type { ErrorCode } from "@paddock/contract";

/** What says that the plugin is broken: not what callers asked wrongly, nor what it refused on purpose. */
export const BREAKING_CODES: ReadonlySet<ErrorCode> = new Set([
  "START_FAILED",
  "PLUGIN_MISMATCH",
  "TIMEOUT",
  "PLUGIN_BUG",
  "OUTPUT_INVALID",
  "RESULT_TOO_LARGE",
  "FILE_REFUSED",
  "UNRESPONSIVE",
  "MEMORY_LIMIT",
  "CPU_LIMIT",
  "DISK_LIMIT",
  "SECCOMP_VIOLATION",
  "PROTOCOL_VIOLATION",
  "CRASHED",
]);
