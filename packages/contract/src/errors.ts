/**
 * Every way Paddock can fail, in one table: what a caller over HTTP sees, what a shell sees (after
 * sysexits.h where one fits), whether the same call may be tried again, whose fault it is, and a title
 * that is safe to show to anybody.
 */
export const ERRORS = {
  CONFIG_INVALID: {
    http: 500,
    exit: 78,
    retryable: false,
    fault: "host",
    title: "The configuration is not valid.",
  },
  SETUP_FAILED: {
    http: 503,
    exit: 71,
    retryable: false,
    fault: "host",
    title: "The sandbox could not be set up.",
  },
  UNSUPPORTED_PLATFORM: {
    http: 501,
    exit: 69,
    retryable: false,
    fault: "host",
    title: "Plugins cannot be isolated on this system.",
  },
  HOST_CLOSED: { http: 503, exit: 69, retryable: false, fault: "host", title: "The host is closed." },
  HOST_EXHAUSTED: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "host",
    title: "The host has run out of a resource of its own.",
  },
  STORE_FAILED: {
    http: 503,
    exit: 74,
    retryable: true,
    fault: "host",
    title: "The host's store could not be read or written.",
  },
  HOME_IN_USE: {
    http: 503,
    exit: 75,
    retryable: false,
    fault: "host",
    title: "Another host uses the same home.",
  },
  HOST_UNREACHABLE: {
    http: 503,
    exit: 69,
    retryable: true,
    fault: "host",
    title: "No host answers on its control socket.",
  },
  INTERNAL: { http: 500, exit: 70, retryable: false, fault: "host", title: "The host made a mistake." },

  MANIFEST_INVALID: {
    http: 422,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's manifest is not valid.",
  },
  PLUGIN_INVALID: {
    http: 422,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's files cannot be used.",
  },
  PLUGIN_MISMATCH: {
    http: 422,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's code does not do what its manifest says.",
  },
  BUNDLE_FAILED: {
    http: 422,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's code could not be bundled.",
  },
  START_FAILED: {
    http: 502,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's code failed while it started.",
  },
  DEPENDENCY_UNMET: {
    http: 422,
    exit: 69,
    retryable: false,
    fault: "plugin",
    title: "A plugin that it depends on is missing or does not fit.",
  },

  PLUGIN_NOT_FOUND: {
    http: 404,
    exit: 66,
    retryable: false,
    fault: "caller",
    title: "No such plugin is loaded.",
  },
  ACTION_NOT_FOUND: {
    http: 404,
    exit: 64,
    retryable: false,
    fault: "caller",
    title: "The plugin has no such action.",
  },
  POINT_NOT_FOUND: {
    http: 404,
    exit: 66,
    retryable: false,
    fault: "caller",
    title: "No loaded plugin implements the extension point.",
  },
  CALLER_DENIED: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "caller",
    title: "The caller may not use this action.",
  },
  CALL_TOO_DEEP: {
    http: 400,
    exit: 65,
    retryable: false,
    fault: "caller",
    title: "Plugins call one another too deeply.",
  },
  USAGE_INVALID: {
    http: 400,
    exit: 64,
    retryable: false,
    fault: "caller",
    title: "The request is not valid.",
  },
  INPUT_INVALID: {
    http: 400,
    exit: 65,
    retryable: false,
    fault: "caller",
    title: "The input does not fit the action.",
  },
  PAYLOAD_TOO_LARGE: {
    http: 413,
    exit: 65,
    retryable: false,
    fault: "caller",
    title: "The payload is too large.",
  },
  CANCELLED: { http: 499, exit: 130, retryable: false, fault: "caller", title: "The call was cancelled." },
  TIMEOUT: {
    http: 504,
    exit: 124,
    retryable: true,
    fault: "plugin",
    title: "The plugin did not answer in time.",
  },
  OVERLOADED: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "caller",
    title: "Too many calls are waiting for this plugin.",
  },
  RATE_LIMITED: {
    http: 429,
    exit: 75,
    retryable: true,
    fault: "caller",
    title: "Too many calls in a short time.",
  },
  CIRCUIT_OPEN: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "plugin",
    title: "The plugin failed too often and is given a rest.",
  },
  PLUGIN_SUSPENDED: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "host",
    title: "The plugin is suspended by its operator.",
  },
  PLUGIN_QUARANTINED: {
    http: 503,
    exit: 69,
    retryable: false,
    fault: "plugin",
    title: "The plugin is in quarantine until its operator releases it.",
  },
  PLUGIN_UNAVAILABLE: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "plugin",
    title: "The plugin is not available now.",
  },

  PLUGIN_ERROR: {
    http: 422,
    exit: 1,
    retryable: false,
    fault: "plugin",
    title: "The plugin refused the request.",
  },
  PLUGIN_BUG: {
    http: 502,
    exit: 70,
    retryable: false,
    fault: "plugin",
    title: "The plugin failed unexpectedly.",
  },
  OUTPUT_INVALID: {
    http: 502,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's answer does not fit its own contract.",
  },
  RESULT_TOO_LARGE: {
    http: 502,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "The plugin's answer is too large.",
  },
  FILE_REFUSED: {
    http: 502,
    exit: 65,
    retryable: false,
    fault: "plugin",
    title: "A file of the plugin's answer cannot be used.",
  },

  UNRESPONSIVE: {
    http: 502,
    exit: 70,
    retryable: true,
    fault: "plugin",
    title: "The plugin stopped answering health checks.",
  },
  MEMORY_LIMIT: {
    http: 502,
    exit: 137,
    retryable: false,
    fault: "plugin",
    title: "The plugin used more memory than it may.",
  },
  CPU_LIMIT: {
    http: 502,
    exit: 152,
    retryable: false,
    fault: "plugin",
    title: "The plugin used more processor time than it may.",
  },
  DISK_LIMIT: {
    http: 507,
    exit: 73,
    retryable: false,
    fault: "plugin",
    title: "The plugin used more disk space than it may.",
  },
  SECCOMP_VIOLATION: {
    http: 502,
    exit: 159,
    retryable: false,
    fault: "plugin",
    title: "The plugin made a forbidden system call.",
  },
  PROTOCOL_VIOLATION: {
    http: 502,
    exit: 76,
    retryable: false,
    fault: "plugin",
    title: "The plugin broke the protocol.",
  },
  CRASHED: { http: 502, exit: 70, retryable: true, fault: "plugin", title: "The plugin crashed." },
  KILLED: {
    http: 503,
    exit: 143,
    retryable: true,
    fault: "host",
    title: "The plugin was stopped by its operator.",
  },
  GUEST_RECYCLED: {
    http: 503,
    exit: 75,
    retryable: true,
    fault: "plugin",
    title: "The plugin was restarted during the call.",
  },

  CAPABILITY_UNKNOWN: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "plugin",
    title: "The plugin asked for something that does not exist.",
  },
  CAPABILITY_NOT_DECLARED: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "plugin",
    title: "The plugin used a capability that it does not declare.",
  },
  CAPABILITY_NOT_GRANTED: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "policy",
    title: "The plugin used a capability that it was not granted.",
  },
  CEILING_EXCEEDED: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "policy",
    title: "The operator's configuration does not allow this.",
  },
  QUOTA_EXCEEDED: {
    http: 429,
    exit: 77,
    retryable: false,
    fault: "plugin",
    title: "The plugin has used up its quota.",
  },
  CALL_NOT_LIVE: {
    http: 403,
    exit: 77,
    retryable: false,
    fault: "plugin",
    title: "The plugin acted for a call that is not live.",
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** Who has to change something before this stops happening. */
export type Fault = "plugin" | "host" | "policy" | "caller";

export interface ErrorRow {
  /** HTTP status (RFC 9110; 499 after nginx: the client went away). */
  readonly http: number;
  /** Process exit status: sysexits.h, 124 as timeout(1), 128 + signal where a signal is the reason. */
  readonly exit: number;
  /** Whether the same call may succeed when tried again, nothing else changed. */
  readonly retryable: boolean;
  readonly fault: Fault;
  readonly title: string;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERRORS, value);
}
