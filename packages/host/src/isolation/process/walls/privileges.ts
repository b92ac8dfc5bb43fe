import { hasInit } from "../launch-plan.js";
import type { Seen } from "../seen.js";
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

/** Standard streams and the channels, nothing else: the host's own descriptors may be open without CLOEXEC. */
export const descriptors: WallDefinition = {
  name: "descriptors",
  stub: ({ spec }) => {
    const { count, isGateClosing } = DESCRIPTORS[spec.stdio ?? "logged"];
    return [
      { kind: "closeFrom", descriptor: count },
      ...(isGateClosing ? [{ kind: "closeAtExecute" } as const] : []),
    ];
  },
  check: ({ spec }, seen) => {
    const found = [...seen.descriptors.keys()].sort((a, b) => a - b).join(",");
    if (seen.role === "init") {
      expectSame("descriptors of the first process", "", found);
      return "none";
    }
    const { count, hasInput, isGateClosing } = DESCRIPTORS[spec.stdio ?? "logged"];
    expectSame("descriptors", Array.from({ length: count }, (_, number) => number).join(","), found);
    for (let number = hasInput ? 0 : 1; number < count; number++) expectStream(seen, number);
    if (!hasInput) expectSame("descriptor 0", "/dev/null", seen.descriptors.get(0));
    expectSame(
      "descriptors closed at execute",
      isGateClosing ? "3" : "",
      [...seen.closingDescriptors].join(),
    );
    return `0 to ${isGateClosing ? 2 : count - 1}`;
  },
};

/** For each kind of streams: how many descriptors wait at the gate, and whether the last one stays behind there. */
const DESCRIPTORS = {
  logged: { count: 5, hasInput: false, isGateClosing: false },
  wire: { count: 4, hasInput: true, isGateClosing: true },
  raw: { count: 4, hasInput: true, isGateClosing: true },
} as const;

function expectStream(seen: Seen, number: number): void {
  const found = seen.descriptors.get(number) ?? "";
  // Node's pipes are sockets; an output may be a pipe.
  if (found.startsWith("socket:") || ((number === 1 || number === 2) && found.startsWith("pipe:"))) return;
  throw new WallDifference(`a socket at descriptor ${number}`, found);
}

export const seccomp: WallDefinition = {
  name: "seccomp",
  stub: ({ spec, seccompProgram }) => [
    // The filter, which both are under, may forbid it.
    ...(hasInit(spec) ? [{ kind: "forkInit" } as const] : []),
    { kind: "seccomp", program: seccompProgram },
  ],
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
