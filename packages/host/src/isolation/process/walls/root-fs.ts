import { GUEST_ID, type LaunchPlan, type PlannedInput, STUB_TARGET } from "../launch-plan.js";
import { OUTBOX, OUTBOX_IN_SCRATCH } from "../output-file.js";
import type { MountFlag } from "../stub-instructions.js";
import { grantFlags, inputFlags, isBelowScratch, waitingPlace } from "./grants.js";
import { expectMount, WRITABLE } from "./mount-flags.js";
import { type WallDefinition, WallDifference } from "./wall.js";

/**
 * Harmless devices that runtimes open; /dev itself is a part of the read-only root. Not /dev/zero: mapped shared
 * and writable it is memory that no resource limit counts.
 */
const DEVICES = ["/dev/null", "/dev/random", "/dev/urandom"];

/** Device nodes can be written on a read-only mount; their times, which are the host's, cannot. */
const DEVICE: readonly MountFlag[] = ["ro", "nosuid", "noexec"];

/**
 * A root of exactly what the guest needs, all of it read-only. Nothing but the interpreter and its libraries
 * can be executed or mapped as code, wherever it lies.
 */
export const rootFileSystem: WallDefinition = {
  name: "root-file-system",
  bubblewrap: (plan) => [
    ...["--dir", "/tmp", "--dir", "/data", "--proc", "/proc"],
    ...(plan.spec.hasOutbox === true ? ["--dir", OUTBOX] : []),
    ...(plan.spec.links ?? []).flatMap(({ to, target }) => ["--symlink", to, target]),
    ...DEVICES.flatMap((device) => ["--dev-bind", device, device]),
    ...["--chdir", "/"],
    ...binds(plan).flatMap(({ option, source, target }) => [option, source, target]),
    // The stub last, so that a list cut short has nothing to run.
    ...["--ro-bind", plan.stubSource, STUB_TARGET, "--remount-ro", "/"],
  ],
  stub: (plan) => [
    // Its files name the host's paths and processes, and its sysctls are a way out for a kernel bug.
    { kind: "unmount", target: "/proc" },
    // bubblewrap leaves its mounts slaves of the host's: what is mounted there later would appear in here, writable.
    { kind: "sealMounts" },
    ...DEVICES.map((target) => ({ kind: "remount", target, flags: DEVICE }) as const),
    ...plan.inputs
      .filter(({ target }) => !isBelowScratch(target))
      .map((input) => ({ kind: "remount", target: input.target, flags: inputFlags(input) }) as const),
    { kind: "unmount", target: STUB_TARGET },
  ],
  check: (plan, seen) => {
    const expected = expectedMounts(plan);
    for (const mount of seen.mounts) {
      if (!expected.has(mount.target))
        throw new WallDifference("no other mounts", `${mount.target} (${mount.type})`);
    }
    for (const [target, flags] of expected) expectMount(seen, target, flags);
    return `${expected.size} mounts, of them ${plan.inputs.filter((input) => input.executable).length} executable`;
  },
};

interface Bind {
  readonly option: "--ro-bind" | "--bind";
  readonly source: string;
  readonly target: string;
}

/** What lies in a directory comes after it, or it would be covered. */
function binds(plan: LaunchPlan): readonly Bind[] {
  const readOnly = ({ source, target }: PlannedInput): Bind => ({ option: "--ro-bind", source, target });
  const all: readonly Bind[] = [
    ...plan.inputs.filter((input) => !input.executable).map(readOnly),
    ...dataTargets(plan).map(
      (target) => ({ option: "--bind", source: plan.dataSource ?? "", target }) as const,
    ),
    ...plan.mounts.map(({ access, source, target }) => ({
      option: access === "read" ? ("--ro-bind" as const) : ("--bind" as const),
      source,
      target,
    })),
    ...plan.inputs.filter((input) => input.executable).map(readOnly),
  ];
  const depth = ({ target }: Bind) => target.split("/").length;
  return all
    .map((bind) => (isBelowScratch(bind.target) ? { ...bind, target: waitingPlace(bind.target) } : bind))
    .toSorted((a, b) => depth(a) - depth(b));
}

const OWN = { uid: GUEST_ID, gid: GUEST_ID } as const;

/** /tmp: sized, counted, erased with the guest. */
export const scratch: WallDefinition = {
  name: "scratch",
  stub: ({ spec }) => [
    {
      kind: "tmpfs",
      target: "/tmp",
      sizeBytes: pages(spec.limits.scratchBytes),
      inodes: spec.limits.inodes,
      mode: 0o700,
      ...OWN,
    },
    ...(spec.hasOutbox === true
      ? ([
          { kind: "makeDirectory", path: OUTBOX_IN_SCRATCH, mode: 0o700, ...OWN },
          { kind: "bindMount", source: OUTBOX_IN_SCRATCH, target: OUTBOX, flags: WRITABLE },
        ] as const)
      : []),
  ],
  check: ({ spec }, seen) => {
    const mount = expectMount(seen, "/tmp", WRITABLE);
    const options = [`size=${pages(spec.limits.scratchBytes) / 1024}k`, `nr_inodes=${spec.limits.inodes}`];
    for (const option of options) {
      if (!mount.superOptions.includes(option))
        throw new WallDifference(option, mount.superOptions.join(","));
    }
    return options.join(", ");
  },
};

/** /data: the plugin's own files, the only ones that outlive it. */
export const data: WallDefinition = {
  name: "data",
  stub: (plan) => dataTargets(plan).map((target) => ({ kind: "remount", target, flags: WRITABLE }) as const),
  check: (plan, seen) => {
    for (const target of dataTargets(plan)) expectMount(seen, target, WRITABLE);
    if (plan.dataSource === undefined) return "none";
    return plan.isDataQuotaKernel
      ? "its own volume; the kernel stops writes at the quota"
      : "a directory; watched";
  },
};

function dataTargets(plan: LaunchPlan): readonly string[] {
  return plan.dataSource === undefined ? [] : ["/data", ...plan.spec.dataAliases];
}

function expectedMounts(plan: LaunchPlan): ReadonlyMap<string, readonly string[]> {
  return new Map<string, readonly string[]>([
    ["/", ["ro", "nosuid", "nodev"]],
    ...DEVICES.map((device) => [device, DEVICE] as const),
    ...plan.inputs.map((input) => [input.target, inputFlags(input)] as const),
    ["/tmp", WRITABLE],
    ...(plan.spec.hasOutbox === true ? ([[OUTBOX, WRITABLE]] as const) : []),
    ...plan.mounts.map((mount) => [mount.target, grantFlags(mount)] as const),
    ...dataTargets(plan).map((target) => [target, WRITABLE] as const),
  ]);
}

/** tmpfs counts in pages of the largest size in use on either architecture. */
function pages(bytes: number): number {
  return Math.ceil(bytes / 65_536) * 65_536;
}
