import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { MECHANISMS, type MechanismName } from "@paddock/contract";
import type { Mechanism } from "../isolation.js";
import type { Bubblewrap } from "./bubblewrap.js";
import type { CgroupTree, Controller } from "./cgroup/cgroup.js";

/** What was found when the isolation was made. */
export interface Findings {
  readonly bubblewrap: Bubblewrap;
  readonly cgroups: CgroupTree | undefined;
  /** The tools for volumes, or why there are none. */
  readonly volume: string | object;
  readonly isRoot: boolean;
  readonly canMount: boolean;
}

const NAMESPACE_OPTIONS: Readonly<Partial<Record<MechanismName, readonly string[]>>> = {
  "user-namespace": [],
  "pid-namespace": ["--unshare-pid", "--as-pid-1"],
  "network-namespace": ["--unshare-net"],
  // With a pid namespace, as guests have it: without, bubblewrap binds the /proc that is there, which always works.
  "mount-namespace": ["--unshare-pid", "--proc", "/proc"],
  "ipc-namespace": ["--unshare-ipc"],
  "uts-namespace": ["--unshare-uts"],
  "cgroup-namespace": ["--unshare-cgroup"],
};

/** Every mechanism of this machine, tried for real where trying is cheap. */
export async function diagnose(findings: Findings): Promise<readonly Mechanism[]> {
  // Usually all of them work; only when they do not is each tried alone.
  const all = await tryBubblewrap(findings.bubblewrap, Object.values(NAMESPACE_OPTIONS).flat());
  const namespaces = await Promise.all(
    Object.entries(NAMESPACE_OPTIONS).map(async ([name, options]) => {
      const problem = all === undefined ? undefined : await tryBubblewrap(findings.bubblewrap, options);
      // Safe: the keys are mechanism names.
      return mechanism(
        name as MechanismName,
        problem === undefined,
        problem ?? "tried: it works",
        namespaceFix(problem),
      );
    }),
  );
  return [...namespaces, ...(await processWalls(findings)), ...controllers(findings), ...ownership(findings)];
}

async function processWalls({ bubblewrap }: Findings): Promise<readonly Mechanism[]> {
  const actions = await readFile("/proc/sys/kernel/seccomp/actions_avail", "latin1").catch(() => "");
  const hasFilters = actions.includes("kill_process") && actions.includes("errno");
  const by = `bubblewrap ${bubblewrap.version}`;
  return [
    mechanism(
      "seccomp",
      hasFilters,
      hasFilters ? actions.trim() : "no filter mode",
      "Use a kernel with CONFIG_SECCOMP_FILTER (4.14 or newer).",
    ),
    mechanism("no-new-privileges", true, by, undefined),
    mechanism("no-capabilities", true, by, undefined),
    mechanism("launch-stub", true, `linux-${process.arch}`, undefined),
    mechanism("posture", true, "read from /proc before every start", undefined),
  ];
}

function controllers({ cgroups, isRoot }: Findings): readonly Mechanism[] {
  const fix = isRoot
    ? "Mount the control groups writable for this process (in a container: its own cgroup namespace)."
    : "Start the host in a delegated group: systemd-run --user --scope -p Delegate=yes …, or Delegate=yes in its unit.";
  const one = (name: MechanismName, controller: Controller) =>
    mechanism(
      name,
      cgroups?.controllers.has(controller) === true,
      cgroups?.found ?? "no group that this process may write",
      fix,
    );
  return [one("memory-cgroup", "memory"), one("cpu-cgroup", "cpu"), one("pids-cgroup", "pids")];
}

function ownership({ isRoot, canMount, volume }: Findings): readonly Mechanism[] {
  const quota = typeof volume === "object" && canMount;
  return [
    mechanism(
      "own-uid",
      isRoot,
      isRoot ? "the host is root" : `the host is user ${process.getuid?.()}`,
      "Run the host as root, which gives each plugin a user id of its own.",
    ),
    mechanism(
      "disk-quota-kernel",
      quota,
      quota ? "a volume for each plugin and tenant" : String(volume),
      "Run the host as root with e2fsprogs and loop devices.",
    ),
  ];
}

function mechanism(name: MechanismName, present: boolean, found: string, fix: string | undefined): Mechanism {
  return { name, present, about: MECHANISMS[name], found, fix: present ? undefined : fix };
}

/** What bubblewrap says when it cannot, or `undefined`. Runs nothing of anybody's: its own --version. */
async function tryBubblewrap(
  bubblewrap: Bubblewrap,
  options: readonly string[],
): Promise<string | undefined> {
  const args = [
    "--unshare-user",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--ro-bind",
    "/",
    "/",
    ...options,
    "--",
    bubblewrap.path,
    "--version",
  ];
  try {
    await promisify(execFile)(bubblewrap.path, args, { env: {}, cwd: "/", timeout: 5_000 });
    return undefined;
  } catch (error) {
    // Safe: execFile rejects with the child's stderr.
    return ((error as { stderr?: string }).stderr ?? "").trim().split("\n").at(-1) || "bubblewrap failed";
  }
}

/** The usual reasons, by what bubblewrap prints then. */
function namespaceFix(problem: string | undefined): string | undefined {
  if (problem === undefined) return undefined;
  if (/uid map|loopback|RTM_NEWADDR/i.test(problem)) {
    return "Ubuntu 24.04 and others restrict user namespaces by AppArmor: use /usr/bin/bwrap of the distribution with its profile, or set kernel.apparmor_restrict_unprivileged_userns=0.";
  }
  if (/mount proc|newroot\/proc/i.test(problem)) {
    return "The container masks parts of /proc: start it with --security-opt systempaths=unconfined.";
  }
  if (/No permissions|Operation not permitted|creating new namespace/i.test(problem)) {
    return "User namespaces are forbidden here. In Docker: the options of deploy/README.md (a seccomp profile that allows namespaces, --security-opt systempaths=unconfined, an AppArmor profile where it is on), as an ordinary user. On a hardened kernel: sysctl kernel.unprivileged_userns_clone=1.";
  }
  if (/max_user_namespaces|No space left/i.test(problem)) return "Raise user.max_user_namespaces.";
  return "Look at bubblewrap's message.";
}
