/** What one metric is. Labels come from manifests and tables only, so their number is bounded. */
export interface MetricRow {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

/**
 * Every metric. `outcome` is "ok" or a code of the error table, `fault` is that of the code and "none" for what went
 * well. Tenants and callers are no labels: there may be any number of them, and their names are nobody else's
 * business.
 */
export const METRICS = {
  paddock_calls_total: {
    kind: "counter",
    labels: ["plugin", "action", "outcome", "fault"],
    help: "Calls that ended, refused ones included.",
  },
  paddock_call_duration_seconds: {
    kind: "histogram",
    labels: ["plugin", "action"],
    help: "From the call to its answer, queue and retries included.",
  },
  paddock_call_retries_total: {
    kind: "counter",
    labels: ["plugin"],
    help: "Attempts after the first.",
  },
  paddock_queue_length: { kind: "gauge", labels: ["plugin"], help: "Calls that wait for a guest." },
  paddock_queue_limit: { kind: "gauge", labels: ["plugin"], help: "Most calls that may wait." },
  paddock_calls_in_flight: { kind: "gauge", labels: ["plugin"], help: "Calls that guests work on." },
  paddock_plugin_state: {
    kind: "gauge",
    labels: ["plugin", "state"],
    help: "1 for the state that the plugin is in.",
  },
  paddock_guests: { kind: "gauge", labels: ["plugin"], help: "Running guests." },
  paddock_guests_not_ready: {
    kind: "gauge",
    labels: ["plugin"],
    help: "Running guests whose health check says that they want no calls.",
  },
  paddock_guest_usage_ratio: {
    kind: "gauge",
    labels: ["plugin", "resource"],
    help: "Use of a limit by the guest that is nearest to it; 1 is the limit.",
  },
  paddock_guest_memory_bytes: { kind: "gauge", labels: ["plugin"], help: "Memory of all guests together." },
  paddock_guest_starts_total: {
    kind: "counter",
    labels: ["plugin", "outcome", "fault"],
    help: "Guests that became ready, or did not.",
  },
  paddock_guest_start_duration_seconds: {
    kind: "histogram",
    labels: ["plugin"],
    help: "From launch to ready.",
  },
  paddock_guest_ends_total: {
    kind: "counter",
    labels: ["plugin", "outcome", "fault"],
    help: 'Guests that ended; "ok" is one that was asked to.',
  },
  paddock_health_failures_total: {
    kind: "counter",
    labels: ["plugin"],
    help: "Health checks without an answer in time.",
  },
  paddock_quarantines_total: {
    kind: "counter",
    labels: ["plugin"],
    help: "Times that a plugin was put in quarantine.",
  },
  paddock_reloads_total: {
    kind: "counter",
    labels: ["plugin", "outcome", "fault"],
    help: "New versions that took over, or were refused.",
  },
  paddock_events_dropped_total: {
    kind: "counter",
    labels: ["plugin"],
    help: "Events that a guest did not take in time.",
  },
  paddock_event_failures_total: {
    kind: "counter",
    labels: ["plugin"],
    help: "Events whose handler threw or did not end.",
  },
  paddock_denials_total: {
    kind: "counter",
    labels: ["plugin", "capability", "outcome"],
    help: "Requests of guests that were refused.",
  },
  paddock_host_start_time_seconds: {
    kind: "gauge",
    labels: [],
    help: "When the host started, seconds since 1970.",
  },
  paddock_host_memory_bytes: { kind: "gauge", labels: [], help: "Resident memory of the host's process." },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;

/** Upper bounds of durations, seconds: from a call that costs 0.1 ms to the longest that production allows. */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  300,
];
