// A host whose home is a small disk that fills up and is emptied again. Prints what came of everything meanwhile.
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { createHost } from "@paddock/host";

const [home, plugins] = process.argv.slice(2);
const id = "attacker/keeps-everything";
const CRASHING = ["one", "two", "three"];
const operator = { id: "ops", roles: ["operator"] };
const options = {
  home,
  preset: "development",
  interpreter: { guards: false },
  limits: { disk: "16MB", scratch: "8MB" },
  defaults: { retry: { attempts: 1 }, breaker: { failures: 1_000 } },
  plugins: { "attacker/fails-at": { restart: { crashes: 2, window: "10m" } } },
};
const outcome = (pending) =>
  pending.then(
    (value) => (typeof value === "string" ? value : "done"),
    (error) => error.code ?? `no code: ${error.stack}`,
  );

let host = await createHost(options);
await host.load(`${plugins}/keeps-everything`);
await host.load(`${home}/fails-at`);
const call = (action, payload, more) => host.call(id, action, payload, { timeoutMs: 10_000, ...more });
const acknowledged = [];
let stores = 0;
const store = async () => {
  const key = `key-${++stores}`;
  const answer = await outcome(call("store", key));
  if (answer === "done") acknowledged.push(key);
  return answer;
};
const pass = async () => {
  const output = await call("pass", 200_000, { files: { given: Buffer.alloc(300_000, "y") } });
  await output.dispose?.();
};

const before = [
  await store(),
  await outcome(call("write", { name: "first", bytes: 100_000 })),
  await outcome(pass()),
];
// Guests that crash later: none can be started while there is no room.
for (const tenant of CRASHING) await host.start("attacker/fails-at", tenant);
fill();
const during = {
  stores: [...new Set(await inTurns(40, store))],
  writes: [
    ...new Set(await inTurns(8, (n) => outcome(call("write", { name: `file-${n}`, bytes: 1_000_000 })))),
  ],
  passes: await outcome(pass()),
  newTenant: await outcome(call("stored", null, { tenant: "late" })),
  load: await outcome(host.load(`${plugins}/bystander`)),
  crashes: await inTurns(3, (n) =>
    outcome(host.call("attacker/fails-at", "call", 1, { tenant: CRASHING[n] })),
  ),
  release: await outcome(host.admin.release(operator, "attacker/fails-at")),
  reads: await outcome(call("stored")),
};
empty();
const after = {
  store: await store(),
  write: await outcome(call("write", { name: "last", bytes: 100_000 })),
  pass: await outcome(pass()),
  newTenant: await outcome(call("stored", null, { tenant: "late" })),
  load: await outcome(host.load(`${plugins}/bystander`)),
  first: await call("written", "first"),
};
await host.close();
host = await createHost(options);
await host.load(`${plugins}/keeps-everything`);
const kept = await call("stored");
const lost = acknowledged.filter((key) => !kept.includes(key));
const files = [await call("written", "first"), await call("written", "last")];
await host.close();
console.log(JSON.stringify({ before, during, after, lost, files }));

async function inTurns(times, work) {
  const outcomes = [];
  for (let n = 0; n < times; n++) outcomes.push(await work(n));
  return outcomes;
}

function fill() {
  for (let part = 0; free() > 0; part++) {
    try {
      writeFileSync(`${home}/fill-${part}`, Buffer.alloc(Math.min(free(), 16 * 1024 ** 2)));
    } catch {
      // Full in the middle of it.
    }
  }
}

function free() {
  const { bavail, bsize } = statfsSync(home);
  return Number(bavail) * bsize;
}

function empty() {
  for (let part = 0; part < 200; part++) rmSync(`${home}/fill-${part}`, { force: true });
}
