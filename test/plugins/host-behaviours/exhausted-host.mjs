// A host in a process of its own that runs out of descriptors at every point of a start. Prints what came of it.
import { closeSync, openSync, readdirSync } from "node:fs";

const [, , door, home, folder, limit] = process.argv;
const { createHost } = await import(door);
const count = () => readdirSync("/proc/self/fd").length;

const host = await createHost({ home });
await host.load(folder);
await host.call("acme/probe", "version", null, { tenant: "first" });
const before = count();
const outcomes = [];
for (let free = 0; free < Number(limit); free++) {
  const taken = fill();
  for (const descriptor of taken.splice(0, free)) closeSync(descriptor);
  const pending = host.call("acme/probe", "version", null, { tenant: `tenant-${free}` });
  outcomes.push(
    await pending.then(
      () => "answered",
      (error) => error.code ?? `no code: ${error.stack}`,
    ),
  );
  for (const descriptor of taken) closeSync(descriptor);
}
const after = await host
  .call("acme/probe", "version", null, { tenant: "first" })
  .catch((error) => error.message);
await host.close();
// Streams are closed a turn after they are destroyed.
await new Promise((resolve) => setTimeout(resolve, 300));
console.log(JSON.stringify({ outcomes, after, before, end: count() }));

function fill() {
  const taken = [];
  try {
    for (;;) taken.push(openSync("/dev/null"));
  } catch {
    return taken;
  }
}
