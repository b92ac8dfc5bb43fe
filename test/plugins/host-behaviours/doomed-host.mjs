// A host in a process of its own, for tests that end it. Prints one JSON line once its guests live, then waits.
import { createHost } from "@paddock/host";

const [home, plugins, way] = process.argv.slice(2);
const host = await createHost({
  home,
  interpreter: { guards: false },
  limits: { disk: "4MB", scratch: "4MB", inodes: 200 },
});

await host.load(`${plugins}/keeps-data`);
await host.load(`${plugins}/never-returns`);
await host.load(`${plugins}/looks-around`);
if (way === "starting") {
  // Killed while these are somewhere between their first process and their first line of code.
  for (let tenant = 0; tenant < 8; tenant++) host.start("attacker/keeps-data", `t${tenant}`).catch(() => {});
  process.stdout.write('{ "pids": [], "open": [] }\n');
  await new Promise(() => setInterval(() => {}, 1_000));
}
await host.call("attacker/keeps-data", "attack", { text: "kept" });
const { open } = await host.call("attacker/looks-around", "attack");
for (const tenant of ["one", "two"]) {
  await host.start("attacker/never-returns", tenant);
  host.call("attacker/never-returns", "attack", { way: "spin" }, { tenant }).catch(() => {});
}
const guests = [
  ...(await host.posture("attacker/never-returns")),
  ...(await host.posture("attacker/keeps-data")),
];
process.stdout.write(`${JSON.stringify({ pids: guests.map(({ pid }) => pid), open })}\n`);

if (way === "throws") setTimeout(() => nothingOfThatName(), 100);
setInterval(() => {}, 1_000);
