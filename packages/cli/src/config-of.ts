import type { HostOptions, PaddockConfig } from "@paddock/host";

/** What of a host's options is its configuration: everything but what is called back. */
export function configOf(options: HostOptions): PaddockConfig {
  const {
    onLog: _log,
    onDecision: _decision,
    onTrace: _trace,
    telemetry: _telemetry,
    points: _points,
    stages: _stages,
    ...config
  } = options;
  return config;
}
