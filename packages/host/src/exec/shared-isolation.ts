import type { ResolvedConfig } from "../config/resolve-config.js";
import type { GuestProcess, Isolation, LaunchSpec } from "../isolation/isolation.js";
import { createProcessIsolation } from "../isolation/process/process.js";
import { assertMechanisms, makeHome } from "../start-checks.js";

/** One program's share of an isolation. */
export interface ExecIsolation {
  /** Nobody else's while it runs. */
  readonly owner: LaunchSpec["owner"];
  launch(spec: LaunchSpec, signal: AbortSignal | undefined): Promise<GuestProcess>;
  /** May be called twice; the last one to close takes everything away. */
  close(): Promise<void>;
}

interface Shared {
  readonly opened: Promise<Isolation>;
  readonly slots: Set<number>;
}

/** Programs that run at the same time share one: what a machine offers is found once. */
const shared = new Map<string, Shared>();

/** Different processes take their user ids from different places, so that they seldom meet. */
const PLACES = 64;

export async function openExecIsolation(config: ResolvedConfig): Promise<ExecIsolation> {
  const key = JSON.stringify([config.home, config.uids, config.requires]);
  const entry = shared.get(key) ?? { opened: open(config), slots: new Set<number>() };
  shared.set(key, entry);
  let slot = 0;
  while (entry.slots.has(slot)) slot++;
  entry.slots.add(slot);
  const close = async () => {
    if (!entry.slots.delete(slot) || entry.slots.size > 0) return;
    if (shared.get(key) === entry) shared.delete(key);
    await entry.opened.then((isolation) => isolation.close());
  };
  try {
    const isolation = await entry.opened;
    return {
      owner: { plugin: "exec", tenant: `${process.pid % PLACES}-${slot}` },
      launch: (spec, signal) => isolation.launch(spec, signal),
      close,
    };
  } catch (error) {
    entry.slots.delete(slot);
    if (shared.get(key) === entry) shared.delete(key);
    throw error;
  }
}

async function open(config: ResolvedConfig): Promise<Isolation> {
  await makeHome(config.home);
  const isolation = await createProcessIsolation({ home: config.home, uids: config.uids });
  try {
    await assertMechanisms(config, isolation);
    await isolation.sweep();
    return isolation;
  } catch (error) {
    await isolation.close();
    throw error;
  }
}
