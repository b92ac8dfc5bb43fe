import { chmodSync, closeSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { definePlugin } from "@paddock/sdk";

const BLOCK = Buffer.alloc(65_536, 1);
const O_TMPFILE = 0o20200000;
const O_RDWR = 2;

const WAYS = {
  // Deleted, yet on the disk for as long as it is open.
  *unlinked(at) {
    const file = openSync(`/data/unlinked-${at}`, "wx");
    unlinkSync(`/data/unlinked-${at}`);
    yield file;
  },
  *nameless() {
    yield openSync("/data", O_TMPFILE | O_RDWR, 0o600);
  },
  *locked(at) {
    mkdirSync(`/data/locked-${at}`);
    const file = openSync(`/data/locked-${at}/file`, "wx");
    chmodSync(`/data/locked-${at}`, 0);
    yield file;
  },
  // Behind thousands of others, of which each has to be looked at.
  *crowd(at) {
    if (at === 0) {
      for (let file = 0; file < 9_000; file++) {
        closeSync(openSync(`/data/crowd-${file}`, "wx"));
        if (file % 100 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
    yield openSync(`/data/crowd-${at}`, "w");
  },
  // Below more folders than a path has room for.
  *deep(at) {
    process.chdir("/data");
    for (let level = 0; level < 30; level++) {
      const name = `${at}`.padEnd(200, "d");
      mkdirSync(name);
      process.chdir(name);
    }
    yield openSync("file", "wx");
  },
};

export default definePlugin({
  actions: {
    /** Slowly, as a patient attacker would: a watch has all the time it needs. */
    async attack({ way, megabytes, pauseMs }) {
      for (let at = 0; at < megabytes; at++) {
        for (const file of WAYS[way](at)) {
          for (let block = 0; block < 16; block++) writeSync(file, BLOCK);
          if (way !== "unlinked" && way !== "nameless") closeSync(file);
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      return "hid it all";
    },
  },
});
