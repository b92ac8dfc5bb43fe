import { formatDuration, formatSize } from "@paddock/contract";
import type { CallTrace, DecisionRecord, GuestStatus, LifecycleEvent } from "@paddock/host";
import { type Stream, visible } from "../terminal.js";

/** One call, when it is over: what came of it, how long it took, what its guest uses. */
export function formatCall(trace: CallTrace, guest: GuestStatus | undefined, stream: Stream): string {
  const { colors } = stream;
  const isWell = trace.outcome === "ok";
  const mark = isWell ? colors.green("✓") : colors.red("✗");
  const what = isWell ? "" : ` ${colors.red(trace.outcome)}`;
  const again = trace.attempts.length > 1 ? `, ${trace.attempts.length} attempts` : "";
  const who = trace.caller === undefined ? "" : `, caller ${visible(trace.caller)}`;
  const uses = guest?.sample === undefined ? "" : `, ${usageOf(guest.sample)}`;
  const about = `${took(trace.durationMs)}, tenant ${trace.tenant}${who}${again}${uses}`;
  return `${mark} ${colors.bold(visible(trace.action))}${what}  ${colors.dim(about)}\n`;
}

function usageOf({ memoryBytes, cpuMs }: NonNullable<GuestStatus["sample"]>): string {
  const memory = memoryBytes === undefined ? "memory unknown" : formatSize(memoryBytes);
  return cpuMs === undefined ? memory : `${memory}, ${Math.round(cpuMs)} ms of cpu`;
}

/** A request of the plugin that was refused, or went wrong; nothing for one that was allowed. */
export function formatDecision({ method, capability, outcome }: DecisionRecord, { colors }: Stream): string {
  if (outcome.kind === "allowed") return "";
  const what = visible(capability ?? method ?? "something that does not exist");
  const how = outcome.kind === "denied" ? colors.yellow("denied") : colors.red("failed");
  const why = outcome.kind === "denied" ? `  ${colors.dim(visible(outcome.hint))}` : "";
  return `${how} ${colors.bold(what)} ${outcome.code}${why}\n`;
}

/** What happens to the plugin, as far as its author wants to know. */
export function formatEvent(event: LifecycleEvent, { colors }: Stream): string {
  switch (event.kind) {
    case "guest-started":
      return event.isStandby ? "" : colors.dim(`guest ${event.pid} is ready after ${took(event.startMs)}\n`);
    case "guest-start-failed":
    case "guest-ended":
      if (event.failure === undefined) return "";
      return `${colors.red("ended")} ${event.failure.code}  ${visible(event.failure.message)}\n`;
    case "quarantined":
      return `${colors.red("quarantined")} it failed too often: paddock release ${event.plugin}\n`;
    case "usage-warning": {
      const { resource, percent } = event;
      return `${colors.yellow("warning")} more than ${percent} % of its limit of ${resource}\n`;
    }
    case "health-check-failed":
      return `${colors.yellow("warning")} ${event.failures} health checks failed in a row\n`;
    case "event-failed":
      return `${colors.red("event")} ${visible(event.topic)} ${event.failure.code}  ${visible(event.failure.message)}\n`;
    default:
      return "";
  }
}

export function took(ms: number): string {
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10_000
      ? `${Math.round(ms)} ms`
      : formatDuration(Math.round(ms));
}
