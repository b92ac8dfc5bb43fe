/**
 * The control: an application that runs the plugin's code in its own process, as plain Node does. Started by the
 * demo as a process of its own, because some attacks would end the demo: `plain-host.ts NAME TARGET`.
 * Writes the outcome as one line of JSON.
 */
import { ATTACKS, type Target } from "../plugins/stickers/src/attacks.ts";
import { findSystemCode, isThisProcessPatched, type Outcome } from "./outcome.ts";

const [name = "", target = "{}"] = process.argv.slice(2);
const outcome = await attack();
process.stdout.write(`${JSON.stringify(outcome)}\n`);

async function attack(): Promise<Outcome> {
  try {
    // Safe: the demo wrote it.
    const loot = await ATTACKS[name]?.(JSON.parse(target) as Target);
    return { loot, stop: undefined, exitCode: undefined, isHostPatched: isThisProcessPatched() };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const stop = { code: findSystemCode(words) ?? "an error", words };
    return { loot: undefined, stop, exitCode: undefined, isHostPatched: isThisProcessPatched() };
  }
}
