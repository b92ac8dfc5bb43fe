import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../plugins/stickers/src/attacks.ts";
import { pluginFolder } from "./open-shop.ts";

/** The shop's things that attacks are aimed at: all of them harmless, and made for this. */
export interface Belongings extends AsyncDisposable {
  readonly target: Target;
  /** Value of the environment variable that the target names. */
  readonly secret: string;
  readonly greeting: string;
  /** For the temporary files of whoever runs an attack in plain Node. */
  readonly scratch: string;
  arePricesIntact(): boolean;
  isProcessAlive(): boolean;
}

const PRICES = "tea: 1250\n";
const MEGABYTE = 1024 ** 2;
/** Beyond what the walls allow (50 MB of scratch), and little enough for any machine. */
const FILL_BYTES = 64 * MEGABYTE;
/** Beyond what the walls allow even where no control group counts: 128 MB and what Node reserves for itself. */
const MEMORY_BYTES = 768 * MEGABYTE;
/** The process to be killed ends by itself after this, whatever happens to the demo. */
const PROCESS_LIFE_MS = 60_000;

export async function createBelongings(): Promise<Belongings> {
  const home = await mkdtemp(join(tmpdir(), "paddock-demo-shop-"));
  const [scratch, pricesFile] = [join(home, "scratch"), join(home, "prices.txt")];
  await mkdir(scratch);
  await writeFile(pricesFile, PRICES);
  const greeting = `welcome ${randomUUID()}`;
  const server = createServer((socket) => socket.on("error", () => undefined).end(greeting));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const child = spawn(process.execPath, ["--eval", `setTimeout(() => {}, ${PROCESS_LIFE_MS})`], {
    stdio: "ignore",
  });
  await once(child, "spawn");
  return {
    target: {
      systemFile: "/etc/passwd",
      neighbourFile: join(pluginFolder("loyalty"), "plugin.yaml"),
      pricesFile,
      secretName: "SHOP_PAYMENT_KEY",
      // Safe: it listens on a port, and a child that has spawned has an id.
      port: (server.address() as AddressInfo).port,
      pid: child.pid as number,
      fillBytes: FILL_BYTES,
      memoryBytes: MEMORY_BYTES,
    },
    secret: `canary-${randomUUID()}`,
    greeting,
    scratch,
    arePricesIntact: () => existsSync(pricesFile) && readFileSync(pricesFile, "utf8") === PRICES,
    isProcessAlive: () => isAlive(child.pid as number),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await new Promise((closed) => server.close(closed));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A process that was killed and not yet waited for is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
