// Claims a home, or lets it go, each time it is told to, and says how that went.
import { createInterface } from "node:readline";

const { lockHome } = await import(new URL("../../../packages/host/dist/store/home-lock.js", import.meta.url));

process.stdout.write("ready\n");
let lock;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "release") {
    await lock?.release();
    lock = undefined;
    process.stdout.write("released\n");
    continue;
  }
  try {
    lock = await lockHome(process.argv[2]);
    process.stdout.write("locked\n");
  } catch (error) {
    process.stdout.write(`${error.code}\n`);
  }
}
