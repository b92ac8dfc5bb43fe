import { join } from "node:path";
import { PaddockError } from "@paddock/contract";
import { Spare } from "../../spare.js";
import type { GuestProcess, Isolation, KillReason, LaunchSpec } from "../isolation.js";
import { diagnose } from "./diagnose.js";
import { assertEnvironment } from "./environment.js";
import { createGuest } from "./guest.js";
import { launch } from "./launch.js";
import { inspectMachine } from "./machine.js";
import { type PreparationRequest, prepareLaunch } from "./prepare.js";
import { removeRunDirectory, sweepRunDirectories } from "./run-directory.js";
import { toSetupError } from "./setup-error.js";
import { openStatusFile, type StatusFile } from "./status-file.js";
import { sweepOrphans } from "./sweep-orphans.js";
import { createUidAllocator, sweepUids, type UidRange } from "./uids.js";
import { VolumeKeepers } from "./volume-keeper.js";

export interface ProcessIsolationOptions {
  /** Directory of the host: run files and data live below it. */
  readonly home: string;
  /** Where the plugins' own user ids come from, when the host is root. */
  readonly uids: UidRange;
}

const CLOSING: KillReason = { code: "KILLED", message: "the host closed" };

/** Guests as processes behind kernel walls: namespaces, a root of their own, limits, seccomp. */
export async function createProcessIsolation(options: ProcessIsolationOptions): Promise<Isolation> {
  assertEnvironment();
  const machine = await inspectMachine(options.home).catch((error: unknown) => {
    throw toSetupError(error, "the process isolation");
  });
  const keepers = new VolumeKeepers(machine.stub, join(machine.runDirectory, "volumes"));
  const statuses = new Spare(
    () => openStatusFile(machine.runDirectory),
    (file) => file.close(),
  );
  statuses.prepare();
  const uidOf = createUidAllocator(options.uids);
  const launching = new Set<Promise<GuestProcess>>();
  const guests = new Set<GuestProcess>();
  const closing = new AbortController();
  let launches = 0;

  const start = async (spec: LaunchSpec, signal: AbortSignal | undefined): Promise<GuestProcess> => {
    const stop = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    stop.throwIfAborted();
    const guest = await launchGuest(
      { machine, keepers, spec, home: options.home, uidOf },
      () => statuses.take(),
      stop,
    );
    guests.add(guest);
    void guest.ended.then(() => guests.delete(guest));
    return guest;
  };

  return {
    kind: "process",
    // Without root there is one user only; with mounts root binds the inputs before it becomes another.
    reachesPrivateDirectories: machine.canMount || !machine.isRoot,
    diagnose: () => diagnose(machine),
    launch: (spec, signal) => {
      const guest = start({ ...spec, label: `${spec.label}-${machine.instance}-${++launches}` }, signal);
      launching.add(guest);
      const done = () => launching.delete(guest);
      guest.then(done, done);
      return guest;
    },
    sweep: async () => {
      sweepOrphans(machine.bubblewrap.path);
      await Promise.all([
        sweepRunDirectories(options.home),
        machine.cgroups?.sweep(),
        machine.isRoot ? sweepUids() : undefined,
      ]);
    },
    close: async () => {
      closing.abort(new PaddockError("HOST_CLOSED", "The host is closed."));
      await Promise.allSettled(launching);
      for (const guest of guests) guest.kill(CLOSING);
      await Promise.all([...guests].map((guest) => guest.ended));
      await keepers.close();
      await statuses.close();
      await machine.cgroups?.close();
      await removeRunDirectory(machine.runDirectory);
    },
  };
}

async function launchGuest(
  request: PreparationRequest,
  openStatus: () => Promise<StatusFile>,
  signal: AbortSignal,
): Promise<GuestProcess> {
  const { machine, spec } = request;
  const preparation = prepareLaunch(request).catch((error: unknown) => {
    throw toSetupError(error, spec.label);
  });
  // Whoever looks at it may come later than its failure.
  preparation.catch(() => undefined);
  const first = {
    bubblewrap: machine.bubblewrap,
    outerStub: machine.isRoot ? machine.stub : undefined,
    openStatus,
  };
  try {
    const launched = await launch(first, spec, preparation, signal);
    const { plan, data, grants } = await preparation;
    await grants.close();
    return createGuest(plan, launched, data);
  } catch (error) {
    const prepared = await preparation.catch(() => undefined);
    await prepared?.plan.cgroup?.remove();
    prepared?.data?.release();
    await prepared?.grants.close();
    throw error;
  }
}
