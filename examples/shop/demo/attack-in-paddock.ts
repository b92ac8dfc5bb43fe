import { type Host, isPaddockError, type PaddockError } from "@paddock/host";
import type { Loot } from "../plugins/stickers/src/attacks.ts";
import type { Attack } from "./attacks.ts";
import type { Belongings } from "./belongings.ts";
import { findSystemCode, isThisProcessPatched, type Outcome } from "./outcome.ts";

/** The attack behind the walls of a host in this very process. */
export async function attackInPaddock(
  host: Host,
  { name }: Attack,
  belongings: Belongings,
): Promise<Outcome> {
  try {
    const answer = await host.call("mallory/stickers", "attack", { name, target: belongings.target });
    // Safe enough: whatever it is, it is only compared.
    const { loot } = answer as { readonly loot?: Loot };
    return { loot, stop: undefined, exitCode: undefined, isHostPatched: isThisProcessPatched() };
  } catch (error) {
    if (!isPaddockError(error)) throw error;
    return {
      loot: undefined,
      stop: findStop(error),
      exitCode: findExitCode(error),
      isHostPatched: isThisProcessPatched(),
    };
  }
}

/** For an exception in the plugin, what the system had said to it; else the host's own reason. */
function findStop(error: PaddockError): NonNullable<Outcome["stop"]> {
  const words = error.message.replace(/^Cannot run "[^"]*" of "[^"]*": /, "");
  if (error.code === "PLUGIN_BUG") return { code: findSystemCode(words) ?? nameOf(words), words };
  const why = findExecutionFailure(error);
  return why === undefined
    ? { code: error.code, words }
    : { code: findSystemCode(why) ?? error.code, words: why };
}

/** "RangeError" in "RangeError: Array buffer allocation failed". */
function nameOf(words: string): string {
  return words.split(":", 1)[0] ?? words;
}

/** What Node prints before it ends itself because it could not become another program. */
function findExecutionFailure({ data }: PaddockError): string | undefined {
  const lines: unknown = evidenceOf(data).lastLines;
  return Array.isArray(lines) ? lines.map(String).find((line) => line.includes("execve failed")) : undefined;
}

function findExitCode({ data }: PaddockError): number | undefined {
  const { exitCode } = evidenceOf(data);
  return typeof exitCode === "number" ? exitCode : undefined;
}

function evidenceOf(data: PaddockError["data"]): Readonly<Record<string, unknown>> {
  // Safe: read field by field, each checked where it is used.
  return (data.evidence ?? {}) as Readonly<Record<string, unknown>>;
}
