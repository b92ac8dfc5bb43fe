import { GUEST_ID, type LaunchPlan, STUB_TARGET } from "../launch-plan.js";
import type { Seen, SeenMount } from "../seen.js";
import type { MountFlag } from "../stub-instructions.js";
import { type WallDefinition, WallDifference } from "./wall.js";

/**
 * Harmless devices that runtimes open; /dev itself is a part of the read-only root. Not /dev/zero: mapped shared
 * and writable it is memory that no resource limit counts.
 */
const DEVICES = ["/dev/null", "/dev/random", "/dev/urandom"];

const READ_ONLY: readonly MountFlag[] = ["ro", "nosuid", "nodev", "noexec"];
const EXECUTABLE: readonly MountFlag[] = ["ro", "nosuid", "nodev"];
/** Device nodes can be written on a read-only mount; their times, which are the host's, cannot. */
const DEVICE: readonly MountFlag[] = ["ro", "nosuid", "noexec"];
const WRITABLE: readonly MountFlag[] = ["nosuid", "nodev", "noexec"];

/**
 * A root of exactly what the guest needs, all of it read-only. Nothing but the interpreter and its libraries
 * can be executed or mapped as code, wherever it lies.
 */
export const rootFileSystem: WallDefinition = {
  name: "root-file-system",
  bubblewrap: (plan) => [
    ...["--dir", "/tmp", "--dir", "/data", "--proc", "/proc"],
    ...DEVICES.flatMap((device) => ["--dev-bind", device, device]),
    ...plan.inputs
      .filter((input) => !input.executable)
      .flatMap((input) => ["--ro-bind", input.source, input.target]),
    ...dataTargets(plan).flatMap((target) => ["--bind", plan.dataSource ?? "", target]),
    ...["--chdir", "/"],
    // Executables last, so that a list cut short has nothing to run.
    ...plan.inputs
      .filter((input) => input.executable)
      .flatMap((input) => ["--ro-bind", input.source, input.target]),
    ...["--ro-bind", plan.stubSource, STUB_TARGET, "--remount-ro", "/"],
  ],
  stub: (plan) => [
    // Its files name the host's paths and processes, and its sysctls are a way out for a kernel bug.
    { kind: "unmount", target: "/proc" },
    // bubblewrap leaves its mounts slaves of the host's: what is mounted there later would appear in here, writable.
    { kind: "sealMounts" },
    ...DEVICES.map((target) => ({ kind: "remount", target, flags: DEVICE }) as const),
    ...plan.inputs.map(
      (input) =>
        ({
          kind: "remount",
          target: input.target,
          flags: input.executable ? EXECUTABLE : READ_ONLY,
        }) as const,
    ),
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
      uid: GUEST_ID,
      gid: GUEST_ID,
    },
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
    ...plan.inputs.map((input) => [input.target, input.executable ? EXECUTABLE : READ_ONLY] as const),
    ["/tmp", WRITABLE],
    ...dataTargets(plan).map((target) => [target, WRITABLE] as const),
  ]);
}

/** The last mount at a target hides those before it. */
function expectMount(seen: Seen, target: string, flags: readonly string[]): SeenMount {
  const mount = seen.mounts.findLast((one) => one.target === target);
  if (mount === undefined) throw new WallDifference(`a mount at ${target}`, "none");
  for (const flag of flags) {
    if (!mount.flags.has(flag)) throw new WallDifference(`${target} ${flag}`, [...mount.flags].join(","));
  }
  return mount;
}

/** tmpfs counts in pages of the largest size in use on either architecture. */
function pages(bytes: number): number {
  return Math.ceil(bytes / 65_536) * 65_536;
}
