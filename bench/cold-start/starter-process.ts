/**
 * One starter in a process of its own, driven by messages: `start` is answered with milliseconds, `close` with
 * the end. So every contender is alone with its memory, whatever the others do to theirs.
 */
import { createBareStarter, createNodeStarter } from "./bare-starters.ts";
import {
  createNewTenantStarter,
  createStarterWithCgroups,
  createStarterWithoutCgroups,
} from "./paddock-starter.ts";
import { createSandboxRuntimeStarter } from "./sandbox-runtime-starter.ts";
import {
  createHighSecurityStandbyStarter,
  createSharedStandbyStarter,
  createStandbyStarter,
} from "./standby-starter.ts";
import type { Starter } from "./starter.ts";

const STARTERS: Readonly<Record<string, () => Promise<Starter>>> = {
  "with-cgroups": createStarterWithCgroups,
  "without-cgroups": createStarterWithoutCgroups,
  "new-tenant": createNewTenantStarter,
  standby: createStandbyStarter,
  "shared-standby": createSharedStandbyStarter,
  "high-security-standby": createHighSecurityStandbyStarter,
  bare: createBareStarter,
  node: createNodeStarter,
  "sandbox-runtime": createSandboxRuntimeStarter,
};

export type StarterReply = { readonly ms: number } | { readonly error: string };

const create = STARTERS[process.argv[2] ?? ""];
const starter = await create?.().catch(fail);
// The first message says that it is ready.
if (starter !== undefined) reply({ ms: 0 });

process.on("message", (message) => {
  if (message === "start") starter?.start().then((ms) => reply({ ms }), fail);
  else void close();
});
// The benchmark is gone.
process.on("disconnect", () => void close());

async function close(): Promise<void> {
  await starter?.close();
  process.exit(0);
}

function reply(message: StarterReply): void {
  process.send?.(message);
}

function fail(error: unknown): undefined {
  reply({ error: error instanceof Error ? error.message : String(error) });
}
