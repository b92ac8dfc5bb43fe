import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assertFreeDescriptors } from "./free-descriptors.js";
import { startProcess } from "./start-process.js";

describe("startProcess()", () => {
  it("gives a program nothing of the host's", async () => {
    const child = await startProcess("/bin/sleep", ["10"], ["ignore", "ignore", "ignore"]);
    await expect.poll(() => readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("sleep\n");
    expect(readFileSync(`/proc/${child.pid}/environ`, "utf8")).toBe("");
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it.each([
    [join("/nowhere", "program"), "ENOENT"],
    ["/etc/passwd", "EACCES"],
    ["/", "EACCES"],
  ])("rejects with the system's own error for %s", async (program, code) => {
    await expect(startProcess(program, [], ["ignore", "pipe", "pipe", "pipe"])).rejects.toMatchObject({
      code,
    });
  });
});

describe("assertFreeDescriptors()", () => {
  it("takes none away", () => {
    for (let time = 0; time < 1_000; time++) assertFreeDescriptors(8);
  });

  it("throws when there are not so many", () => {
    expect(() => assertFreeDescriptors(10_000_000)).toThrow(expect.objectContaining({ code: "EMFILE" }));
    expect(() => assertFreeDescriptors(8)).not.toThrow();
  });
});
