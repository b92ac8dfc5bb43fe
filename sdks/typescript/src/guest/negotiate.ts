import { type InitializeParams, PROTOCOL } from "@paddock/contract";

/** The highest version that both sides speak; throws an error that names both ranges when there is none. */
export function negotiate(
  host: InitializeParams["protocol"],
  own: InitializeParams["protocol"] = PROTOCOL,
): number {
  const version = Math.min(host.max, own.max);
  if (version >= host.min && version >= own.min) return version;
  throw new Error(
    `Cannot agree on a protocol: the host speaks ${range(host)}, this SDK ${range(own)}. Update the older one`,
  );
}

function range({ min, max }: InitializeParams["protocol"]): string {
  return `version ${min} to ${max}`;
}
