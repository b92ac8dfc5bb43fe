import { describe, expect, it } from "vitest";
import { parseOwnGroups, readOwnGroups } from "./own-groups.js";

const V1_MOUNTS = `
30 20 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 30 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
35 20 8:1 / / rw - ext4 /dev/vda rw`;

interface Case {
  readonly name: string;
  readonly membership: string;
  readonly mounts: string;
  readonly expected: readonly (readonly [
    version: number,
    controllers: string,
    prefix: string,
    directory: string,
  ])[];
}

const CASES: readonly Case[] = [
  {
    name: "version 2 alone",
    membership: "0::/user.slice/user-1000.slice/session-2.scope\n",
    mounts: "25 20 0:24 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate",
    expected: [[2, "", "0::", "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope"]],
  },
  {
    name: "version 2 at its root",
    membership: "0::/\n",
    mounts: "25 20 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    expected: [[2, "", "0::", "/sys/fs/cgroup"]],
  },
  {
    name: "version 1, two controllers in one hierarchy",
    membership: "4:pids:/a\n3:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/x\n",
    mounts: V1_MOUNTS,
    expected: [
      [1, "pids", "4:pids:", "/sys/fs/cgroup/pids/a"],
      [1, "memory", "3:memory:", "/sys/fs/cgroup/memory/a/b"],
      [1, "cpu,cpuacct", "2:cpu,cpuacct:", "/sys/fs/cgroup/cpu,cpuacct"],
      [1, "name=systemd", "1:name=systemd:", "/sys/fs/cgroup/systemd/x"],
    ],
  },
  {
    name: "both versions beside each other",
    membership: "3:memory:/m\n0::/u\n",
    mounts: `${V1_MOUNTS}\n36 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`,
    expected: [
      [1, "memory", "3:memory:", "/sys/fs/cgroup/memory/m"],
      [2, "", "0::", "/sys/fs/cgroup/unified/u"],
    ],
  },
  {
    name: "a container that sees its own part of the tree as the root",
    membership: "3:memory:/docker/abc/inner\n0::/docker/abc\n",
    mounts: `40 30 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 30 0:24 /docker/abc /sys/fs/cgroup/unified rw - cgroup2 cgroup rw`,
    expected: [
      [1, "memory", "3:memory:", "/sys/fs/cgroup/memory/inner"],
      [2, "", "0::", "/sys/fs/cgroup/unified"],
    ],
  },
  {
    name: "a container whose mount shows another part than its own",
    membership: "3:memory:/docker/abc\n0::/docker/abc\n",
    mounts: `40 30 0:29 /docker/xyz /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 30 0:24 /docker/abcd /sys/fs/cgroup/unified rw - cgroup2 cgroup rw`,
    expected: [],
  },
  {
    name: "a group outside of the process's own cgroup namespace",
    membership: "0::/../other\n",
    mounts: "25 20 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    expected: [],
  },
  {
    name: "hierarchies that are mounted nowhere",
    membership: "3:memory:/\n0::/\n",
    mounts: "",
    expected: [],
  },
  { name: "nothing at all", membership: "", mounts: V1_MOUNTS, expected: [] },
  {
    name: "a path that holds colons",
    membership: "0::/a:b/c\n",
    mounts: "25 20 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    expected: [[2, "", "0::", "/sys/fs/cgroup/a:b/c"]],
  },
];

describe("parseOwnGroups()", () => {
  it.each(CASES)("finds its groups with $name", ({ membership, mounts, expected }) => {
    const found = parseOwnGroups(membership, mounts);
    expect(found.map((one) => [one.version, one.controllers.join(), one.prefix, one.directory])).toEqual(
      expected,
    );
  });
});

describe("readOwnGroups()", () => {
  it("finds groups of this very process, which exist", async () => {
    const groups = await readOwnGroups();
    expect(groups.length).toBeGreaterThan(0);
    for (const group of groups) expect(group.directory.startsWith("/")).toBe(true);
  });
});
