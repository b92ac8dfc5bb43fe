import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRawGuests, RAW_LIMITS, type RawGuests } from "../../../../../test/escape/raw-guest.js";
import { readStat } from "../../process-status.js";

let guests: RawGuests;
let folder = "";
beforeAll(async () => {
  guests = await openRawGuests();
  folder = mkdtempSync(join(tmpdir(), "grants-"));
  mkdirSync(join(folder, "in"), { mode: 0o700 });
  mkdirSync(join(folder, "out"), { mode: 0o700 });
  writeFileSync(join(folder, "in/secret"), "for the owner only", { mode: 0o600 });
});
afterAll(async () => {
  await guests.close();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const MANY = { ...RAW_LIMITS, processes: 4 };
const ECHO = "while (<STDIN>) { print qq{got $_}; }";

describe("a logged guest", () => {
  it("has a data channel at descriptor 4 that goes both ways", async () => {
    const guest = await guests.start('open(D, "+<&=4"); sysread(D, $x, 5); syswrite(D, uc $x);');
    guest.data?.write("hello");
    expect(await text(guest.data as Readable)).toBe("HELLO");
    expect((await guest.ended).code).toBeUndefined();
  });
});

describe("a guest on the wire", () => {
  it("speaks on its standard streams and has no other descriptor", async () => {
    const lines: string[] = [];
    const script = 'print STDERR "open: ", join(",", grep { open(my $f, "<&=$_") } 3 .. 20), "\\n";';
    const guest = await guests.start(`${script} ${ECHO}`, {
      stdio: "wire",
      onLog: (line) => lines.push(line.text),
    });
    expect(guest.data).toBeUndefined();
    guest.channel.write("a\n");
    guest.channel.end("b\n");
    expect(await text(guest.channel)).toBe("got a\ngot b\n");
    expect((await guest.ended).evidence.exitCode).toBe(0);
    expect(lines).toEqual(["open: "]);
  });
});

describe("a raw guest", () => {
  it("gives its streams to the caller, unread ones after its end too", async () => {
    const guest = await guests.start(`${ECHO} print STDERR "bye"; exit 7;`, { stdio: "raw" });
    guest.stdio?.stdin.end("x\n");
    const end = await guest.ended;
    expect(end).toMatchObject({ code: "CRASHED", evidence: { exitCode: 7, lastLines: ["bye"] } });
    expect(await text(guest.stdio?.stdout as Readable)).toBe("got x\n");
    expect(await text(guest.stdio?.stderr as Readable)).toBe("bye");
  });

  it("feels signals as a program does that is not process 1", async () => {
    const guest = await guests.start("sleep 60", { stdio: "raw" });
    guest.signal("SIGTERM");
    expect((await guest.ended).evidence).toMatchObject({ exitCode: 143, signal: "SIGTERM" });
  });

  it("takes everybody along who outlived the program", async () => {
    const script = "if (!fork) { setpgrp; $SIG{TERM} = 'IGNORE'; sleep 60; } print 1; sleep 1;";
    const guest = await guests.start(script, { stdio: "raw", limits: MANY });
    await new Promise((resolve) => guest.stdio?.stdout.once("data", resolve));
    expect((await guest.usage()).processes).toBe(2);
    await guest.ended;
  });
});

describe("a suspended guest", () => {
  it.each([
    ["alone", RAW_LIMITS, ""],
    ["with children that wake each other", MANY, "fork; fork; $SIG{CONT} = sub {};"],
  ])("does not run, %s, survives, and is still killed", async (_, limits, start) => {
    const guest = await guests.start(`${start} while (1) { kill 'CONT', -1 if $n++ % 1000 == 0; }`, {
      limits,
    });
    await expect.poll(async () => (await guest.usage()).cpuMs ?? 0).toBeGreaterThan(50);
    await guest.suspend();
    const before = (await guest.usage()).cpuMs;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(((await guest.usage()).cpuMs ?? 0) - (before ?? 0)).toBeLessThan(20);
    expect(readStat(guest.pid)?.state).toBe("T");
    await guest.resume();
    await expect.poll(async () => (await guest.usage()).cpuMs ?? 0).toBeGreaterThan((before ?? 0) + 50);
    await guest.suspend();
    guest.kill({ code: "KILLED", message: "enough" });
    expect((await guest.ended).message).toBe("enough");
  });
});

describe("a grant", () => {
  it("gives what its owner may do there, and nothing more", async () => {
    const mounts = [
      { source: join(folder, "in"), target: join(folder, "in"), access: "read" },
      { source: join(folder, "out"), target: "/srv/out", access: "write" },
    ] as const;
    const run = await guests.run(
      `open(F, "<", "${folder}/in/secret") or print "no: $!\\n"; print <F>, "\\n";
       open(W, ">", "${folder}/in/new") or print "read-only: $!\\n";
       open(W, ">", "/srv/out/made") or print "no: $!\\n"; print W "by the guest"; close W;
       print -e "${folder}/out" ? "seen" : "unseen", "\\n";`,
      { mounts },
    );
    expect(run.lines).toEqual(["for the owner only", "read-only: Read-only file system", "unseen"]);
    expect(readFileSync(join(folder, "out/made"), "utf8")).toBe("by the guest");
    expect(statSync(join(folder, "out/made")).uid).toBe(process.getuid?.());
  });
});

describe("the inbox and the outbox", () => {
  it("hand files over, and no links, doubles, folders or paths", async () => {
    const script = `open(I, "<", "/inbox/secret"); open(O, ">", "/outbox/out"); print O <I>; close O;
      symlink "/etc/passwd", "/outbox/link"; link "/outbox/out", "/outbox/twin"; mkdir "/outbox/folder";
      open(P, ">", "/outbox/plain"); print P "fine"; close P; print "done\\n"; sleep 60;`;
    let announce: (() => void) | undefined;
    const done = new Promise<void>((resolve) => {
      announce = resolve;
    });
    const guest = await guests.start(script, {
      inbox: { source: join(folder, "in") },
      hasOutbox: true,
      onLog: () => announce?.(),
    });
    await done;
    const file = await guest.openOutput("plain");
    expect(await file.readFile("utf8")).toBe("fine");
    await file.close();
    for (const name of ["link", "out", "twin", "folder", "none", "../tmp", "", ".", "a\0b"])
      await expect(guest.openOutput(name)).rejects.toMatchObject({ code: "FILE_REFUSED" });
    guest.kill({ code: "KILLED", message: "done" });
    await guest.ended;
  });
});
