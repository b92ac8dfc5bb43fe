import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PaddockError } from "@paddock/contract";
import type { GuestProcess, Isolation, LaunchSpec } from "../isolation.js";
import { type Bubblewrap, findBubblewrap } from "./bubblewrap.js";
import type { CgroupTree } from "./cgroup/cgroup.js";
import { openCgroups } from "./cgroup/open-cgroups.js";
import { findVolumeTools, prepareDataVolume, type VolumeTools } from "./data-volume.js";
import { diagnose } from "./diagnose.js";
import { assertEnvironment, canMount, readHostLimits } from "./environment.js";
import { createGuest } from "./guest.js";
import { bubblewrapCommand, launch } from "./launch.js";
import type { LaunchPlan, PlannedInput } from "./launch-plan.js";
import { planIdentityStage, planOuterStage } from "./outer-stage.js";
import { makeRunDirectory, sweepRunDirectories } from "./run-directory.js";
import { assembleSeccomp } from "./seccomp/assemble.js";
import { guestProfile } from "./seccomp/profile.js";
import { allocateUid, type UidRange } from "./uids.js";

export interface ProcessIsolationOptions {
  /** Directory of the host: run files and data live below it. */
  readonly home: string;
  /** Where the plugins' own user ids come from, when the host is root. */
  readonly uids: UidRange;
}

/** What one machine offers, found once. */
interface Machine {
  readonly bubblewrap: Bubblewrap;
  readonly cgroups: CgroupTree | undefined;
  readonly volume: VolumeTools | string;
  readonly isRoot: boolean;
  readonly canMount: boolean;
  readonly runDirectory: string;
  readonly hostLimits: ReadonlyMap<string, number>;
}

/** Guests as processes behind kernel walls: namespaces, a root of their own, limits, seccomp. */
export async function createProcessIsolation(options: ProcessIsolationOptions): Promise<Isolation> {
  assertEnvironment();
  const machine = await inspect(options);
  const guests = new Set<GuestProcess>();
  let launches = 0;
  let isClosed = false;

  const isolation: Isolation = {
    kind: "process",
    diagnose: () => diagnose(machine),
    launch: async (spec, signal) => {
      if (isClosed)
        throw new PaddockError("HOST_CLOSED", `Cannot start "${spec.label}": the host is closed.`);
      const guest = await launchGuest(options, machine, spec, `${spec.label}-${++launches}`, signal);
      guests.add(guest);
      void guest.ended.then(() => guests.delete(guest));
      if (isClosed) guest.kill({ code: "KILLED", message: "the host closed" });
      return guest;
    },
    sweep: async () => {
      await Promise.all([sweepRunDirectories(options.home), machine.cgroups?.sweep()]);
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      for (const guest of guests) guest.kill({ code: "KILLED", message: "the host closed" });
      await Promise.all([...guests].map((guest) => guest.ended));
      await machine.cgroups?.close();
      await rm(machine.runDirectory, { recursive: true, force: true });
    },
  };
  return isolation;
}

async function inspect(options: ProcessIsolationOptions): Promise<Machine> {
  const [bubblewrap, cgroups, tools] = await Promise.all([
    findBubblewrap(),
    openCgroups(),
    findVolumeTools(),
  ]);
  if (typeof bubblewrap === "string") {
    await cgroups?.close();
    throw new PaddockError("SETUP_FAILED", `Cannot isolate plugins: bubblewrap is missing: ${bubblewrap}.`, {
      hint: "Install it: sudo apt-get install -y bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora), sudo pacman -S bubblewrap (Arch).",
      data: { mechanism: "bubblewrap" },
    });
  }
  const mayMount = canMount();
  const runDirectory = await makeRunDirectory(options.home);
  await mkdir(join(runDirectory, "stage"), { recursive: true, mode: 0o700 });
  return {
    bubblewrap,
    cgroups,
    volume: mayMount ? tools : "this process may not mount",
    isRoot: process.getuid?.() === 0,
    canMount: mayMount,
    runDirectory,
    hostLimits: readHostLimits(),
  };
}

async function launchGuest(
  options: ProcessIsolationOptions,
  machine: Machine,
  spec: LaunchSpec,
  label: string,
  signal: AbortSignal | undefined,
): Promise<GuestProcess> {
  const owner = `${options.home}\n${spec.owner.plugin}\n${spec.owner.tenant}`;
  const hostUid = process.getuid?.() ?? 0;
  const hostGid = process.getgid?.() ?? 0;
  void machine.cgroups?.warm();
  const uid = machine.isRoot ? await allocateUid(owner, options.uids) : hostUid;
  const gid = machine.isRoot ? uid : hostGid;
  const { limits } = spec;
  const [volume, inputs, stub, cgroup] = await Promise.all([
    spec.data === undefined
      ? undefined
      : prepareDataVolume(
          spec.data.source,
          { bytes: limits.diskBytes, inodes: limits.inodes },
          uid,
          typeof machine.volume === "string" ? undefined : machine.volume,
        ),
    planInputs(spec),
    realpath(stubPath()),
    machine.cgroups?.create(label, {
      // Files in /tmp are memory to the kernel: without this a full /tmp would end the guest.
      memoryBytes: limits.memoryBytes + limits.scratchBytes,
      cpuCores: limits.cpuCores,
      tasks: limits.processes * spec.baseline.threads + limits.threads,
    }),
  ]);
  try {
    const outer = machine.canMount
      ? planOuterStage({
          stage: join(machine.runDirectory, "stage"),
          inputs,
          stubSource: stub,
          volume,
          uid,
          bubblewrap: machine.bubblewrap.path,
          bubblewrapArguments: bubblewrapCommand(),
        })
      : undefined;
    const plan: LaunchPlan = {
      spec: { ...spec, label },
      uid,
      gid,
      inputs: outer?.inputs ?? inputs,
      dataSource: outer?.dataSource ?? (volume?.kind === "directory" ? volume.path : undefined),
      isDataQuotaKernel: volume?.kind === "image",
      stubSource: outer?.stubSource ?? stub,
      seccompProgram: seccompProgram(limits.processes > 1),
      cgroup,
      hostLimits: machine.hostLimits,
    };
    const instructions =
      outer?.instructions ??
      (machine.isRoot ? planIdentityStage(uid, machine.bubblewrap.path, bubblewrapCommand()) : undefined);
    const command = instructions === undefined ? undefined : { stub, instructions };
    const launched = await launch(machine.bubblewrap, command, plan, signal);
    return createGuest(plan, launched, volume);
  } catch (error) {
    await cgroup?.remove();
    throw error;
  }
}

/** Links are followed here, once, so that nobody can turn one between this look and the bind. */
function planInputs(spec: LaunchSpec): Promise<readonly PlannedInput[]> {
  const plan =
    (executable: boolean) => async (input: { readonly source: string; readonly target: string }) => ({
      source: await realpath(input.source),
      target: input.target,
      executable,
    });
  return Promise.all([...spec.inputs.map(plan(false)), ...spec.executables.map(plan(true))]);
}

const programs = new Map<boolean, Uint8Array>();

/** Assembled once for each profile. */
function seccompProgram(processes: boolean): Uint8Array {
  const known = programs.get(processes);
  if (known !== undefined) return known;
  // Safe: assertEnvironment let only these two through.
  const program = assembleSeccomp(
    guestProfile({ processes, threads: true, socketPairs: processes }),
    process.arch as "x64" | "arm64",
  );
  programs.set(processes, program);
  return program;
}

function stubPath(): string {
  return fileURLToPath(
    new URL(`../../../native/prebuilt/linux-${process.arch}/launch-stub`, import.meta.url),
  );
}
