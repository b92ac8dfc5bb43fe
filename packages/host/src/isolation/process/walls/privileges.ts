import { expectSame, type WallDefinition, WallDifference } from "./wall.js";

/** What the launch stub needs inside the user namespace, and gives away before the plugin's program runs. */
const STUB_CAPABILITIES = ["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_SYS_RESOURCE"];

const NO_CAPABILITIES = "0000000000000000";

export const capabilities: WallDefinition = {
  name: "no-capabilities",
  bubblewrap: () => ["--cap-drop", "ALL", ...STUB_CAPABILITIES.flatMap((name) => ["--cap-add", name])],
  stub: () => [{ kind: "dropCapabilities" }],
  check: (_, seen) => {
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expectSame(set, NO_CAPABILITIES, seen.status.get(set));
    }
    return "every set is empty";
  },
};

/** bubblewrap sets it first of all; a set-uid program would gain nothing. */
export const noNewPrivileges: WallDefinition = {
  name: "no-new-privileges",
  check: (_, seen) => {
    expectSame("NoNewPrivs", "1", seen.status.get("NoNewPrivs"));
    return "set-uid bits mean nothing";
  },
};

/** Standard streams and the channel, nothing else: the host's own descriptors may be open without CLOEXEC. */
export const descriptors: WallDefinition = {
  name: "descriptors",
  stub: () => [{ kind: "closeFrom", descriptor: 4 }],
  check: (_, seen) => {
    const found = [...seen.descriptors.keys()].sort((a, b) => a - b).join(",");
    expectSame("descriptors", "0,1,2,3", found);
    const channel = seen.descriptors.get(3) ?? "";
    if (!channel.startsWith("socket:")) throw new WallDifference("a socket at descriptor 3", channel);
    expectSame("descriptor 0", "/dev/null", seen.descriptors.get(0));
    return "0 to 3";
  },
};

export const seccomp: WallDefinition = {
  name: "seccomp",
  stub: ({ seccompProgram }) => [{ kind: "seccomp", program: seccompProgram }],
  check: ({ seccompProgram }, seen) => {
    expectSame("Seccomp", "2", seen.status.get("Seccomp"));
    const filters = seen.status.get("Seccomp_filters");
    // One more than the host is under itself: an inherited filter must not pass for ours.
    if (filters !== undefined) expectSame("filters", seen.ownFilters + 1, Number(filters));
    expectSame("threads", "1", seen.status.get("Threads"));
    return `a filter of ${seccompProgram.length / 8} instructions`;
  },
};

/** Only where the host may make control groups; presets say whether they must be there. */
export const controlGroup: WallDefinition = {
  name: "control-group",
  check: ({ cgroup }, seen) => {
    if (cgroup === undefined) return "none";
    for (const membership of cgroup.memberships) {
      if (!seen.cgroups.includes(membership)) throw new WallDifference(membership, seen.cgroups.join(" "));
    }
    return cgroup.memberships.join(" ");
  },
};
