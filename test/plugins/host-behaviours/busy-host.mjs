// A host in a process of its own that does everything at once, for tests that kill it at any moment.
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHost, isolate } from "@paddock/host";
import { createControlServer } from "@paddock/server";

const [home, plugins, folder] = process.argv.slice(2);
const operator = { id: "ops", roles: ["operator"] };
const ignore = () => {};
const host = await createHost({
  home,
  preset: "development",
  limits: { disk: "4MB", scratch: "4MB", inodes: 200 },
  defaults: { instances: { standby: 1, max: 2 } },
});
process.stdout.write("open\n");
// One that is killed leaves its socket, which the next one replaces.
await createControlServer(host, { path: join(home, "control", "host.sock") });

const fails = await write("fails-at", "none");
await Promise.all([host.load(join(plugins, "keeps-data")), host.load(fails)]);
process.stdout.write("loaded\n");

// Ready guests, each with work that never ends; a standby beside each of their plugins.
for (const tenant of ["one", "two", "three"]) {
  host.call("attacker/keeps-data", "attack", { text: "kept" }, { tenant }).catch(ignore);
  host.call("attacker/fails-at", "slow", 60_000, { tenant }).catch(ignore);
}
await host.call("attacker/keeps-data", "attack", { text: "kept" });
process.stdout.write("kept\n");
streamIn().catch(ignore);
streamOut().catch(ignore);
suspendAndResume().catch(ignore);
reloadAgainAndAgain().catch(ignore);
isolate(["sleep", "60"], { home }).catch(ignore);
callWithFiles().catch(ignore);
setInterval(ignore, 1_000);

async function write(plugin, moment) {
  const to = join(folder, plugin);
  await cp(join(plugins, plugin), to, { recursive: true });
  await writeFile(join(to, "moment.json"), JSON.stringify({ moment, way: "crash", at: Date.now() }));
  return to;
}

async function streamIn() {
  const endless = new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(new Uint8Array(100_000));
    },
  });
  await host.call("attacker/fails-at", "read", endless);
}

async function streamOut() {
  for (;;) {
    for await (const _ of await host.call("attacker/fails-at", "write")) await new Promise(setImmediate);
  }
}

async function suspendAndResume() {
  for (;;) {
    await host.admin.suspend(operator, "attacker/keeps-data");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await host.admin.resume(operator, "attacker/keeps-data");
    await host.start("attacker/keeps-data", `tenant-${Date.now()}`);
  }
}

async function reloadAgainAndAgain() {
  for (;;) {
    await host.load(await write("fails-at", "none"));
    await host.call("attacker/fails-at", "call", 1);
  }
}

async function callWithFiles() {
  for (;;)
    await host.call("attacker/fails-at", "call", 1, {
      files: { moment: join(folder, "fails-at", "moment.json") },
    });
}
