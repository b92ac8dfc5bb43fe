import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NAMESPACES, parseLimits, parseMount, parseStatus, readSeen } from "./seen.js";

describe("readSeen()", () => {
  it("reads a waiting process as the kernel shows it", async () => {
    const child = spawn("cat", { stdio: ["pipe", "pipe", "ignore"] });
    await once(child, "spawn");
    // Safe: it has been spawned.
    const pid = child.pid as number;
    await expect.poll(() => readFileSync(`/proc/${pid}/comm`, "utf8")).toBe("cat\n");
    const seen = readSeen(pid);
    child.stdin.end();
    await once(child, "close");
    expect(seen.status.get("Pid")).toBe(String(pid));
    expect(seen.status.get("Uid")?.split(" ")).toHaveLength(4);
    expect(seen.status.get("CapEff")).toMatch(/^[0-9a-f]{16}$/);
    expect(seen.limits.get("open files")?.hard).toBeGreaterThan(0);
    expect(seen.mounts.map(({ target }) => target)).toContain("/");
    expect([...seen.namespaces.keys()]).toEqual([...NAMESPACES]);
    expect(seen.namespaces).toEqual(seen.ownNamespaces);
    expect([...seen.descriptors.keys()]).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(seen.descriptors.get(2)).toBe("/dev/null");
    expect(seen.cgroups.length).toBeGreaterThan(0);
    expect(seen.uidMap).toMatch(/^\d+ \d+ \d+/);
  });

  it("rejects for a process that is gone", async () => {
    expect(() => readSeen(2 ** 22 + 1)).toThrow("ENOENT");
  });
});

describe("parseStatus()", () => {
  it("cuts at the first colon and reads tabs as spaces", () => {
    const status = parseStatus("Name:\ta:b\nUid:\t0\t1\t2\t3\nGroups:\t \nbroken\n");
    expect([...status]).toEqual([
      ["Name", "a:b"],
      ["Uid", "0 1 2 3"],
      ["Groups", ""],
    ]);
  });

  it("is not fooled by a process whose name holds a line that looks like another", () => {
    // The kernel writes a newline in a name as \n, so that it cannot begin a line.
    expect(parseStatus("Name:\tx\\nSeccomp:\t2\nSeccomp:\t0\n").get("Seccomp")).toBe("0");
  });
});

describe("parseLimits()", () => {
  it("reads every line of a real process", () => {
    const text = readFileSync("/proc/self/limits", "utf8");
    const limits = parseLimits(text);
    expect(limits.size).toBe(text.trim().split("\n").length - 1);
    for (const { soft, hard } of limits.values()) expect(soft).toBeLessThanOrEqual(hard);
  });

  it("keeps apart soft, hard and unlimited", () => {
    const limits = parseLimits(
      [
        "Limit                     Soft Limit           Hard Limit           Units     ",
        "Max cpu time              unlimited            unlimited            seconds   ",
        "Max open files            20                   20000                files     ",
        "Max nice priority         0                    0                    ",
      ].join("\n"),
    );
    expect([...limits]).toEqual([
      ["cpu time", { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY }],
      ["open files", { soft: 20, hard: 20_000 }],
      ["nice priority", { soft: 0, hard: 0 }],
    ]);
  });
});

describe("parseMount()", () => {
  it.each([
    [
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
      { target: "/mnt2", type: "ext3", flags: ["rw", "noatime"], superOptions: ["rw", "errors=continue"] },
    ],
    [
      "36 35 0:9 / /tmp rw,nosuid - tmpfs tmpfs rw,size=64k,nr_inodes=10",
      {
        target: "/tmp",
        type: "tmpfs",
        flags: ["rw", "nosuid"],
        superOptions: ["rw", "size=64k", "nr_inodes=10"],
      },
    ],
    [
      "36 35 0:9 / /a\\040b\\011c\\134d ro shared:2 master:1 - tmpfs none ro",
      { target: "/a b\tc\\d", type: "tmpfs", flags: ["ro"], superOptions: ["ro"] },
    ],
    // A target that tries to look like the end of the fields: spaces are always escaped.
    [
      "36 35 0:9 / /x\\040-\\040tmpfs\\040none\\040ro rw - ext4 /dev/x rw",
      { target: "/x - tmpfs none ro", type: "ext4", flags: ["rw"], superOptions: ["rw"] },
    ],
    // An escape in an escape is decoded once.
    [
      "36 35 0:9 / /\\134040 rw - tmpfs none rw",
      { target: "/\\040", type: "tmpfs", flags: ["rw"], superOptions: ["rw"] },
    ],
  ])("reads %s", (line, expected) => {
    const { flags, ...mount } = parseMount(line);
    expect({ ...mount, flags: [...flags] }).toEqual(expected);
  });

  it("reads every mount of this process", () => {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
    for (const mount of lines.map(parseMount)) {
      expect(mount.target.startsWith("/")).toBe(true);
      expect(mount.type).not.toBe("");
      expect(mount.flags.has("rw") || mount.flags.has("ro")).toBe(true);
    }
  });
});
