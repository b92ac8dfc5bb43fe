import {
  type CapabilityRequest,
  formatLimit,
  LIMIT_NAMES,
  type Manifest,
  sentenceOf,
} from "@paddock/contract";
import { effectiveLimits, type Granting, grantingOf, isGranted, type ResolvedConfig } from "@paddock/host";

/** What a person should know about a plugin that is otherwise in order. */
export interface PluginNotes {
  readonly requests: readonly RequestNote[];
  /** Wishes above the operator's ceiling, and what this host does not do. */
  readonly remarks: readonly string[];
}

export interface RequestNote {
  readonly capability: string;
  /** What it means, after "This plugin can". */
  readonly sentence: string;
  /** The author's words. */
  readonly reason?: string;
  readonly isRequired: boolean;
  /** False for what a person would have to grant, which this version cannot take: it will be refused. */
  readonly isGranted: boolean;
}

export function readPluginNotes(manifest: Manifest, config: ResolvedConfig): PluginNotes {
  const { required, optional } = manifest.permissions;
  const granting = grantingOf(config.preset);
  return {
    requests: [
      ...required.map((request) => toNote(request, true, granting)),
      ...optional.map((request) => toNote(request, false, granting)),
    ],
    remarks: [...cappedWishes(manifest, config), ...ignoredParts(manifest)],
  };
}

function toNote(request: CapabilityRequest, isRequired: boolean, granting: Granting): RequestNote {
  return {
    capability: request.use,
    sentence: sentenceOf(request),
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    isRequired,
    isGranted: isGranted(request, granting),
  };
}

function cappedWishes(manifest: Manifest, config: ResolvedConfig): readonly string[] {
  const { sources } = effectiveLimits(config, manifest);
  return LIMIT_NAMES.flatMap((name) => {
    const { value, from, capped } = sources[name];
    if (capped === undefined) return [];
    return [
      `It wants ${name} ${formatLimit(name, capped)}; ${from} allows ${formatLimit(name, value)}, which holds.`,
    ];
  });
}

function ignoredParts(manifest: Manifest): readonly string[] {
  return manifest.mode === "trusted"
    ? ["It asks to be trusted; this host runs it sandboxed like any other."]
    : [];
}
