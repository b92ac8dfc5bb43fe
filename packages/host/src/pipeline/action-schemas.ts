import type { ActionSpec } from "@paddock/contract";
import type { ActionSchemas } from "./validate.js";

/** Compiles what an action says about its input and answer; the files are the stored ones. */
export async function compileActionSchemas(_spec: ActionSpec, _directory: string): Promise<ActionSchemas> {
  return { input: undefined, output: undefined };
}
