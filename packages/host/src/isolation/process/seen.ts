import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";

/** A waiting process as /proc shows it from outside. */
export interface Seen {
  /** "Name" → value of /proc/PID/status. */
  readonly status: ReadonlyMap<string, string>;
  /** Name → soft and hard limit of /proc/PID/limits; Infinity for unlimited. */
  readonly limits: ReadonlyMap<string, { readonly soft: number; readonly hard: number }>;
  readonly mounts: readonly SeenMount[];
  /** Name → inode link such as "net:[4026532281]", of the guest and of this process. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Filters that this process is under itself; what it starts inherits them. */
  readonly ownFilters: number;
  readonly ownNamespaces: ReadonlyMap<string, string>;
  readonly uidMap: string;
  readonly gidMap: string;
  readonly descriptors: ReadonlyMap<number, string>;
  /** Those among them that the program will not get. */
  readonly closingDescriptors: ReadonlySet<number>;
  readonly cgroups: readonly string[];
  readonly sessionId: number;
  /** Target → device and inode of what is mounted there. */
  readonly identities: ReadonlyMap<string, string>;
  /** Which of the guest's two processes this is, when there are two. */
  readonly role: "program" | "init";
}

export interface SeenMount {
  readonly target: string;
  readonly type: string;
  readonly flags: ReadonlySet<string>;
  readonly superOptions: readonly string[];
}

export const NAMESPACES = ["user", "pid", "net", "ipc", "uts", "cgroup", "mnt"] as const;

/**
 * Reads everything the posture is compared with; throws when the process is gone or hidden from us. Some twenty
 * small files of /proc, which never wait for a disk: half a millisecond, where asking the thread pool takes three.
 */
export function readSeen(pid: number, role: Seen["role"] = "program"): Seen {
  const file = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const stat = file("stat");
  return {
    status: parseStatus(file("status")),
    limits: parseLimits(file("limits")),
    mounts: file("mountinfo").split("\n").filter(Boolean).map(parseMount),
    namespaces: readNamespaces(String(pid)),
    ownFilters: countFilters(parseStatus(readFileSync("/proc/self/status", "utf8"))),
    ownNamespaces: readNamespaces("self"),
    uidMap: squeeze(file("uid_map")),
    gidMap: squeeze(file("gid_map")),
    descriptors: readDescriptors(pid),
    closingDescriptors: readClosing(pid),
    cgroups: file("cgroup").split("\n").filter(Boolean),
    sessionId: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]),
    role,
    identities: new Map(),
  };
}

/** What a waiting process finds at these paths; there, no link is the guest's. */
export async function readIdentities(
  pid: number,
  targets: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const read = async (target: string) => {
    const found = await stat(`/proc/${pid}/root${target}`, { bigint: true });
    return [target, `${found.dev}:${found.ino}`] as const;
  };
  return new Map(await Promise.all(targets.map(read)));
}

export function parseStatus(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const colon = line.indexOf(":");
      return colon === -1
        ? []
        : [
            [
              line.slice(0, colon),
              line
                .slice(colon + 1)
                .trim()
                .replaceAll("\t", " "),
            ] as const,
          ];
    }),
  );
}

/** Lines such as "Max open files            20000                20000                files". */
export function parseLimits(
  text: string,
): ReadonlyMap<string, { readonly soft: number; readonly hard: number }> {
  const limits = new Map<string, { soft: number; hard: number }>();
  for (const line of text.split("\n")) {
    const match = /^Max (.+?)\s{2,}(\d+|unlimited)\s+(\d+|unlimited)/.exec(line);
    if (match !== null) limits.set(match[1] ?? "", { soft: toLimit(match[2]), hard: toLimit(match[3]) });
  }
  return limits;
}

function toLimit(text: string | undefined): number {
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
}

/** proc(5): id parent device root target flags [optional…] - type source super-options. */
export function parseMount(line: string): SeenMount {
  const [left = "", right = ""] = line.split(" - ");
  const [, , , , target = "", flags = ""] = left.split(" ");
  const [type = "", , superOptions = ""] = right.split(" ");
  return {
    target: unescapeOctal(target),
    type,
    flags: new Set(flags.split(",")),
    superOptions: superOptions.split(","),
  };
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}

function readDescriptors(pid: number): ReadonlyMap<number, string> {
  const folder = `/proc/${pid}/fd`;
  return new Map(
    readdirSync(folder).map((name) => [Number(name), readlinkSync(`${folder}/${name}`)] as const),
  );
}

/** The octal flags of /proc/PID/fdinfo/N hold O_CLOEXEC. */
function readClosing(pid: number): ReadonlySet<number> {
  const O_CLOEXEC = 0o2000000;
  const folder = `/proc/${pid}/fdinfo`;
  const isClosing = (name: string) => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`${folder}/${name}`, "latin1"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  };
  return new Set(readdirSync(folder).filter(isClosing).map(Number));
}

function readNamespaces(pid: string): ReadonlyMap<string, string> {
  return new Map(NAMESPACES.map((name) => [name, readlinkSync(`/proc/${pid}/ns/${name}`)] as const));
}

/** Kernels before 5.9 do not count them. */
function countFilters(status: ReadonlyMap<string, string>): number {
  return Number(status.get("Seccomp_filters") ?? 0);
}

function squeeze(text: string): string {
  return text.trim().replaceAll(/ +/g, " ");
}
