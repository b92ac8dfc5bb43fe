// A host that works, loses every process it could start, and gets them back. Prints what came of it meanwhile.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createHost } from "@paddock/host";

const [directory, plugins] = process.argv.slice(2);
const id = "attacker/keeps-everything";
const outcome = (pending) =>
  pending.then(
    () => "done",
    (error) => error.code ?? `no code: ${error.stack}`,
  );
const options = { preset: "development", require: [], interpreter: { guards: false } };
const host = await createHost({ ...options, home: `${directory}/home` });
await host.load(`${plugins}/keeps-everything`);
const call = (tenant) => outcome(host.call(id, "stored", null, { tenant, timeoutMs: 10_000 }));

const before = await call("first");
const sleepers = [];
for (;;) {
  const sleeper = spawn("sleep", ["60"], { stdio: "ignore" });
  const isRefused = await once(sleeper, "spawn").then(
    () => false,
    () => true,
  );
  if (isRefused) break;
  sleepers.push(sleeper);
}
const during = { first: await call("first"), late: await call("late") };
const ended = sleepers.map((sleeper) => once(sleeper, "exit"));
for (const sleeper of sleepers) sleeper.kill("SIGKILL");
await Promise.all(ended);
const after = { first: await call("first"), late: await call("late") };
await host.close();
console.log(JSON.stringify({ before, during, after }));
