// A host in a process whose clocks are others than the machine's. Prints what came of an ordinary life.
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHost } from "@paddock/host";

const [directory, plugins] = process.argv.slice(2);
const folder = join(directory, "plugin");
cpSync(join(plugins, "fails-at"), folder, { recursive: true });
writeFileSync(join(folder, "moment.json"), "{}");
const home = join(directory, "home");
const id = "attacker/fails-at";
const operator = { id: "ops", roles: ["operator"] };

const host = await createHost({ home, preset: "development", interpreter: { guards: false } });
await host.load(folder);
const answers = [await host.call(id, "call", "first")];
await host.admin.suspend(operator, id);
await host.admin.resume(operator, id);
answers.push(await host.call(id, "call", "again"));
const startedAt = performance.now();
const code = await host.call(id, "slow", 60_000, { timeoutMs: 300 }).catch((error) => error.code);
const isInTime = performance.now() - startedAt < 2_000;
const [guest] = await host.posture(id);
process.kill(guest.pid, "SIGKILL");
await host.call(id, "call").catch(() => {});
const afterKill = await host.call(id, "call", "third");
await host.close();
const left = readdirSync(join(home, "run"));
console.log(JSON.stringify({ answers, code, isInTime, afterKill, left }));
