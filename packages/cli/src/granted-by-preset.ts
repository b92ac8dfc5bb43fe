import { type Granting, grantingOf, isGranted, type PluginInfo, type ResolvedConfig } from "@paddock/host";

/** Nobody has said yes to anything: only what is granted to everybody. */
const NOBODY: Granting = "automatic";

/** What a plugin may do only because the preset grants what is asked for: capabilities, each once. */
export function grantedByPreset(
  { manifest }: PluginInfo,
  preset: ResolvedConfig["preset"],
): readonly string[] {
  const granting = grantingOf(preset);
  const { required, optional } = manifest.permissions;
  const more = [...required, ...optional].filter(
    (request) => isGranted(request, granting) && !isGranted(request, NOBODY),
  );
  return [...new Set(more.map(({ use }) => use))];
}
