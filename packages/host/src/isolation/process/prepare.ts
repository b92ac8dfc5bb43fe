import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { LaunchSpec, ReadOnlyInput } from "../isolation.js";
import type { Cgroup } from "./cgroup/cgroup.js";
import { imageOf, prepareDataDirectory, prepareImage } from "./data-volume.js";
import { type PlannedGrants, planGrants } from "./grants.js";
import { bubblewrapCommand, type OuterCommand } from "./launch.js";
import type { LaunchPlan, PlannedData, PlannedInput } from "./launch-plan.js";
import type { Machine } from "./machine.js";
import { planIdentityStage, planOuterStage } from "./outer-stage.js";
import { assembleSeccomp } from "./seccomp/assemble.js";
import { guestProfile } from "./seccomp/profile.js";
import type { VolumeKeepers } from "./volume-keeper.js";
import { taskLimit } from "./walls/resource-limits.js";

export interface Preparation {
  readonly plan: LaunchPlan;
  readonly outer: OuterCommand | undefined;
  readonly data: PlannedData | undefined;
  readonly grants: PlannedGrants;
}

export interface PreparationRequest {
  readonly machine: Machine;
  readonly keepers: VolumeKeepers;
  readonly spec: LaunchSpec;
  readonly home: string;
  /** The kernel's uid for an owner, when the host is root. */
  readonly uidOf: (owner: string) => Promise<number>;
}

/** bubblewrap itself, which is in the group when the first process moved itself there. */
const BUBBLEWRAP_TASKS = 1;

/** Everything that a launch needs before anything is started. When it rejects, nothing of it is left. */
export async function prepareLaunch(request: PreparationRequest): Promise<Preparation> {
  const { machine, spec, home } = request;
  const owner = `${home}\n${spec.owner.plugin}\n${spec.owner.tenant}`;
  const uid = machine.isRoot ? await request.uidOf(owner) : (process.getuid?.() ?? 0);
  const gid = machine.isRoot ? uid : (process.getgid?.() ?? 0);
  const cgroup = machine.cgroups?.create(spec.label, {
    // Files in /tmp are memory to the kernel: without this a full /tmp would end the guest.
    memoryBytes: spec.limits.memoryBytes + spec.limits.scratchBytes,
    cpuCores: spec.limits.cpuCores,
    tasks: BUBBLEWRAP_TASKS + taskLimit({ spec }),
  });
  const [inputs, grants, data] = await Promise.allSettled([
    planInputs(spec),
    planGrants(spec),
    prepareData(request, uid),
  ]);
  try {
    // Before anything starts, for what starts moves itself in; where the host moves it, that is soon enough.
    if (machine.isRoot && cgroup !== undefined && cgroup.joinFiles.length > 0) await cgroup.made;
    const sources = { inputs: fulfilled(inputs), grants: fulfilled(grants), data: fulfilled(data) };
    return assemble(machine, spec, { uid, gid }, cgroup, sources);
  } catch (error) {
    await cgroup?.remove();
    if (data.status === "fulfilled") data.value?.release();
    if (grants.status === "fulfilled") await grants.value.close();
    throw error;
  }
}

/** Everything of the host's that will be mounted. */
interface Sources {
  readonly inputs: readonly PlannedInput[];
  readonly grants: PlannedGrants;
  readonly data: PlannedData | undefined;
}

function assemble(
  machine: Machine,
  spec: LaunchSpec,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  cgroup: Cgroup | undefined,
  { inputs, grants, data }: Sources,
): Preparation {
  const { bubblewrap, stub } = machine;
  const stage = machine.canMount
    ? planOuterStage({
        stage: join(machine.runDirectory, "stage"),
        inputs,
        mounts: grants.mounts,
        stubSource: stub,
        data,
        uid,
        joinFiles: cgroup?.joinFiles ?? [],
        bubblewrap: bubblewrap.path,
        bubblewrapArguments: bubblewrapCommand(),
      })
    : undefined;
  const instructions =
    stage?.instructions ??
    (machine.isRoot
      ? planIdentityStage(uid, cgroup?.joinFiles ?? [], bubblewrap.path, bubblewrapCommand())
      : undefined);
  const plan: LaunchPlan = {
    spec,
    uid,
    gid,
    inputs: stage?.inputs ?? inputs,
    mounts: stage?.mounts ?? grants.mounts,
    dataSource: stage?.dataSource ?? data?.path,
    isDataQuotaKernel: data?.mounts !== undefined,
    stubSource: stage?.stubSource ?? stub,
    seccompProgram: seccompProgram(spec.limits.processes > 1),
    cgroup,
    joinsCgroup: instructions !== undefined && (cgroup?.joinFiles.length ?? 0) > 0,
    hostLimits: machine.hostLimits,
  };
  return { plan, outer: instructions === undefined ? undefined : { stub, instructions }, data, grants };
}

async function prepareData(request: PreparationRequest, uid: number): Promise<PlannedData | undefined> {
  const { machine, keepers, spec } = request;
  if (spec.data === undefined) return undefined;
  const { volume: tools } = machine;
  if (typeof tools === "string") {
    const path = await prepareDataDirectory(spec.data.source, uid);
    return { path, mounts: undefined, release: () => undefined };
  }
  const image = imageOf(spec.data.source);
  const quota = { bytes: spec.limits.diskBytes, inodes: spec.limits.inodes };
  const mounted = await keepers.acquire({
    image,
    uid,
    prepare: () => prepareImage(image, quota, tools, keepers.spares),
  });
  return { path: mounted.files, mounts: mounted.mounts, release: mounted.release };
}

async function planInputs({ inputs, executables }: LaunchSpec): Promise<readonly PlannedInput[]> {
  const known = plannedExecutables.get(executables);
  const [first, second] = await Promise.all([plan(inputs, false), known ?? plan(executables, true)]);
  plannedExecutables.set(executables, second);
  return [...first, ...second];
}

/** An interpreter is found once and serves many guests. */
const plannedExecutables = new WeakMap<readonly ReadOnlyInput[], readonly PlannedInput[]>();

/** Links are followed here, once, so that nobody can turn one between this look and the bind. */
function plan(inputs: readonly ReadOnlyInput[], executable: boolean): Promise<readonly PlannedInput[]> {
  return Promise.all(
    inputs.map(async ({ source, target }) => ({ source: await realpath(source), target, executable })),
  );
}

function fulfilled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

const programs = new Map<boolean, Uint8Array>();

/** Assembled once for each profile. */
function seccompProgram(processes: boolean): Uint8Array {
  const known = programs.get(processes);
  if (known !== undefined) return known;
  // Safe: assertEnvironment let only these two through.
  const arch = process.arch as "x64" | "arm64";
  const program = assembleSeccomp(guestProfile({ processes, threads: true, socketPairs: processes }), arch);
  programs.set(processes, program);
  return program;
}
