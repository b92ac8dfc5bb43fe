// A host whose home is a small disk that fills up. Prints what came of it.
import { rmSync, statfsSync, writeFileSync } from "node:fs";

const [, , door, home, folder] = process.argv;
const { createHost } = await import(door);
const outcome = (pending) =>
  pending.then(
    () => "done",
    (error) => error.code ?? `no code: ${error.stack}`,
  );

const host = await createHost({ home });
await host.load(folder);
const call = (tenant) => host.call("acme/probe", "version", null, { tenant });
const outcomes = [await outcome(call("before"))];
const { bavail, bsize } = statfsSync(home);
let free = Number(bavail) * bsize;
for (let part = 0; free > 0; part++) {
  const size = Math.min(free, 64 * 1024 ** 2);
  writeFileSync(`${home}/fill-${part}`, Buffer.alloc(size));
  free -= size;
}
outcomes.push(await outcome(call("during")));
outcomes.push(await outcome(host.load(folder)));
outcomes.push(await outcome(call("before")));
for (let part = 0; part < 100; part++) rmSync(`${home}/fill-${part}`, { force: true });
outcomes.push(await outcome(call("during")));
await host.close();
console.log(JSON.stringify(outcomes));
