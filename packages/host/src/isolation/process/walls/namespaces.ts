import { GUEST_ID, hasInit } from "../launch-plan.js";
import type { Seen } from "../seen.js";
import { expectSame, type WallDefinition, WallDifference } from "./wall.js";

/** The guest is nobody outside: one uid and one gid are mapped, and no further user namespace can be made. */
export const userNamespace: WallDefinition = {
  name: "user-namespace",
  bubblewrap: () => ["--unshare-user", "--uid", String(GUEST_ID), "--gid", String(GUEST_ID)],
  stub: () => [
    // A fresh user namespace would give an attacker every capability again, over a larger kernel surface.
    { kind: "writeFile", path: "/proc/sys/user/max_user_namespaces", text: "0" },
    // Counted for the kernel's uid, which an ordinary user's guests share with everything else of that user.
    { kind: "writeFile", path: "/proc/sys/user/max_inotify_instances", text: "8" },
    { kind: "writeFile", path: "/proc/sys/user/max_inotify_watches", text: "4096" },
  ],
  check: (plan, seen) => {
    expectOther(seen, "user");
    expectSame("uid map", `${GUEST_ID} ${plan.uid} 1`, seen.uidMap);
    expectSame("gid map", `${GUEST_ID} ${plan.gid} 1`, seen.gidMap);
    const ids = (id: number) => Array.from({ length: 4 }, () => id).join(" ");
    expectSame("uids", ids(plan.uid), seen.status.get("Uid"));
    expectSame("gids", ids(plan.gid), seen.status.get("Gid"));
    return `uid ${GUEST_ID} inside is ${plan.uid} outside; no further user namespaces`;
  },
};

/** The guest sees and signals only itself; its first process takes all others with it. */
export const pidNamespace: WallDefinition = {
  name: "pid-namespace",
  bubblewrap: () => ["--unshare-pid", "--as-pid-1", "--die-with-parent"],
  check: ({ spec }, seen) => {
    expectOther(seen, "pid");
    const isSecond = hasInit(spec) && seen.role === "program";
    expectSame("pid inside", isSecond ? "2" : "1", seen.status.get("NSpid")?.split(" ").at(-1));
    return `the guest is process ${isSecond ? 2 : 1} of its own`;
  },
};

/** No network at all: an empty stack whose loopback is its own. */
export const networkNamespace = plain(
  "network-namespace",
  "net",
  "--unshare-net",
  "no interface but its own loopback",
);
export const ipcNamespace = plain(
  "ipc-namespace",
  "ipc",
  "--unshare-ipc",
  "no shared memory or queues of others",
);
export const cgroupNamespace = plain(
  "cgroup-namespace",
  "cgroup",
  "--unshare-cgroup",
  "no view of other control groups",
);

export const utsNamespace: WallDefinition = {
  name: "uts-namespace",
  bubblewrap: () => ["--unshare-uts", "--hostname", "plugin"],
  check: (_, seen) => {
    expectOther(seen, "uts");
    return "its own host name";
  },
};

/** Its own session: it cannot push characters into the host's terminal. */
export const session: WallDefinition = {
  name: "session",
  bubblewrap: () => ["--new-session"],
  check: (_, seen) => {
    // Zero means that the leader is outside the reader's sight or that there is none; never the host's.
    if (seen.sessionId === process.pid)
      throw new WallDifference("a session of its own", "the host's session");
    expectSame("session inside", "1", seen.status.get("NSsid")?.split(" ").at(-1));
    return "no controlling terminal";
  },
};

function plain(name: string, namespace: string, option: string, found: string): WallDefinition {
  return {
    name,
    bubblewrap: () => [option],
    check: (_, seen) => {
      expectOther(seen, namespace);
      return found;
    },
  };
}

function expectOther(seen: Seen, name: string): void {
  const own = seen.ownNamespaces.get(name);
  const found = seen.namespaces.get(name);
  if (own === undefined || found === undefined || own === found) {
    throw new WallDifference(`a ${name} namespace other than the host's`, found ?? "nothing");
  }
}
