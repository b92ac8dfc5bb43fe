/** Everything that can stand between a guest and the machine, and what each stops. */
export const MECHANISMS = {
  "user-namespace": "The guest's users are not the machine's: being root inside is being nobody outside.",
  "pid-namespace": "The guest sees and signals no process but its own; all end with the first.",
  "network-namespace": "No network interface, no loopback of the machine, no abstract socket.",
  "mount-namespace": "A read-only root made of the interpreter and its libraries only.",
  "ipc-namespace": "No shared memory or message queue of the machine.",
  "uts-namespace": "The machine's name stays unknown.",
  "cgroup-namespace": "The machine's control groups stay unknown.",
  seccomp: "Only system calls on a list; no sockets, no new processes, no tracing.",
  "no-new-privileges": "No set-uid program gives rights.",
  "no-capabilities": "No privilege of root, not even inside the namespace.",
  "launch-stub": "The last code before the plugin: mounts, limits, descriptors, seccomp.",
  posture: "The walls are read back from the kernel before the plugin's first instruction.",
  "memory-cgroup": "The kernel counts all memory; without it, limits per process and a watch.",
  "cpu-cgroup": "The kernel shares out processors; without it, limits on processor time and a watch.",
  "pids-cgroup": "The kernel counts processes; without it, a limit inside the user namespace.",
  "own-uid": "A user id of the plugin's own; without it, the host's user id behind the namespaces.",
  "disk-quota-kernel": "The kernel stops writing at the quota; without it, file-size limits and a watch.",
} as const;

export type MechanismName = keyof typeof MECHANISMS;

export function isMechanismName(value: string): value is MechanismName {
  return Object.hasOwn(MECHANISMS, value);
}

export const MECHANISM_NAMES: readonly MechanismName[] = Object.keys(MECHANISMS).filter(isMechanismName);
