import type { HostOptions } from "@paddock/host";

/** What of a host's options is its configuration: everything but what is called back. */
export function configOf({ onLog: _log, onDecision: _decision, ...config }: HostOptions): object {
  return config;
}
