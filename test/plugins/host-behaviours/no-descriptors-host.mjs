// A host that works, loses every free descriptor, and gets them back. Prints what came of everything meanwhile.
import { closeSync, openSync, readdirSync } from "node:fs";
import { createHost } from "@paddock/host";

const [directory, plugins] = process.argv.slice(2);
const id = "attacker/keeps-everything";
const operator = { id: "ops", roles: ["operator"] };
const options = {
  preset: "development",
  interpreter: { guards: false },
  defaults: { retry: { attempts: 1 }, breaker: { failures: 1_000 } },
};
const outcome = (pending) =>
  pending.then(
    (value) => (typeof value === "string" ? value : "done"),
    (error) => error.code ?? `no code: ${error.stack}`,
  );
const host = await createHost({ ...options, home: `${directory}/home` });
await host.load(`${plugins}/keeps-everything`);
const call = (action, payload, more) =>
  outcome(host.call(id, action, payload, { timeoutMs: 10_000, ...more }));
const files = { given: Buffer.alloc(1_000, "y") };

const everything = async () => ({
  call: await call("store", "key"),
  read: await call("stored"),
  pass: await call("pass", 1_000, { files }),
  newTenant: await call("stored", null, { tenant: "late" }),
  load: await outcome(host.load(`${plugins}/bystander`)),
  posture: await outcome(host.posture(id)),
  suspend: await outcome(host.admin.suspend(operator, id)),
  resume: await outcome(host.admin.resume(operator, id)),
  host: await outcome(createHost({ ...options, home: `${directory}/other` }).then((other) => other.close())),
  crash: await call("crash"),
  next: await call("store", "next"),
  status: (await host.admin.get(operator, id)).state,
});

const before = await everything();
await host.admin.restart(operator, id);
await call("stored");
const open = readdirSync("/proc/self/fd").length;
const taken = fill();
const during = await everything();
for (const descriptor of taken) closeSync(descriptor);
const after = await everything();
await host.close();
const left = readdirSync("/proc/self/fd").length - open;
console.log(JSON.stringify({ before, during, after, left }));

function fill() {
  const descriptors = [];
  try {
    for (;;) descriptors.push(openSync("/dev/null"));
  } catch {
    return descriptors;
  }
}
