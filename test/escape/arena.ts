import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CallOptions,
  createHost,
  type GuestLog,
  type Host,
  isPaddockError,
  type PaddockConfig,
} from "@paddock/host";
import { expect } from "vitest";

const PLUGINS = fileURLToPath(new URL("../plugins/", import.meta.url));

/** What came of an attack, as its caller sees it. */
export type Outcome =
  | { readonly kind: "answered"; readonly value: unknown }
  | { readonly kind: "refused"; readonly code: string; readonly message: string; readonly data: Evidence };

/** The facts that errors carry; which of them are there depends on the code. */
export interface Evidence {
  readonly evidence?: {
    readonly exitCode?: number;
    readonly limit?: number;
    readonly peak?: number;
    readonly lastLines?: readonly string[];
  };
  readonly [key: string]: unknown;
}

/** A host with something to steal and somebody to hurt. */
export interface Arena {
  readonly host: Host;
  readonly home: string;
  /** A folder of the host's that everybody on the machine may read and write. */
  readonly outside: string;
  /** What is in `outside/secret.txt` and in the host's environment, and must never be anywhere else. */
  readonly secret: string;
  readonly logs: readonly GuestLog[];
  /** Loads the plugin of that name (again, when its guest is gone) and calls its one action. */
  attack(plugin: string, payload?: unknown, options?: CallOptions): Promise<Outcome>;
  /** Throws unless the host's files, secrets and the other plugin are as they were. */
  assertUnharmed(): Promise<void>;
  close(): Promise<void>;
}

export interface ArenaOptions extends PaddockConfig {
  readonly onLog?: (log: GuestLog) => void;
}

/** A second is long for an attack that is over in a moment; the limits are small so that it ends as soon. */
const DEFAULTS: PaddockConfig = {
  limits: { timeout: "20s", disk: "4MB", scratch: "4MB", inodes: 200, logRate: "200/s" },
  // One attack after another on the same plugin: none of them is to be spared by rest or quarantine.
  defaults: { restart: { crashes: 1_000, window: "1s" }, breaker: { failures: 1_000 } },
};

export async function openArena(options: ArenaOptions = {}): Promise<Arena> {
  const { onLog, ...config } = options;
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "escape-")));
  const [home, outside] = [join(directory, "home"), join(directory, "outside")];
  const secret = `canary-${crypto.randomUUID()}`;
  mkdirSync(outside, { mode: 0o777 });
  writeFileSync(join(outside, "secret.txt"), secret, { mode: 0o666 });
  process.env.PADDOCK_TEST_CANARY = secret;
  const logs: GuestLog[] = [];
  const seen: string[] = [];
  const host = await createHost({
    ...DEFAULTS,
    ...config,
    limits: { ...DEFAULTS.limits, ...config.limits },
    home,
    onLog: (log) => {
      // Bounded: some attacks flood it.
      if (logs.length < 5_000) logs.push(log);
      onLog?.(log);
    },
  });
  const pids = new Set<number>();

  const arena: Arena = {
    host,
    home,
    outside,
    secret,
    logs,
    attack: async (plugin, payload, callOptions) => {
      const id = `attacker/${plugin}`;
      const isLoaded = host.plugins().some((one) => one.id === id);
      if (!isLoaded || (await host.posture(id)).length === 0) await host.load(join(PLUGINS, plugin));
      const call = host.call(id, "attack", payload, callOptions);
      const outcome = await call.then(toAnswer, toRefusal);
      for (const { pid } of await host.posture(id)) pids.add(pid);
      seen.push(JSON.stringify(outcome) ?? "");
      return outcome;
    },
    assertUnharmed: async () => {
      expect(readdirSync(outside)).toEqual(["secret.txt"]);
      expect(readFileSync(join(outside, "secret.txt"), "utf8")).toBe(secret);
      expect(seen.join("\n")).not.toContain(secret);
      expect(JSON.stringify(logs)).not.toContain(secret);
      const nonce = crypto.randomUUID();
      expect(await arena.attack("bystander", nonce, { timeoutMs: 5_000 })).toEqual({
        kind: "answered",
        value: { stillHere: nonce },
      });
    },
    close: async () => {
      await host.close();
      expect([...pids].filter(isGuestAlive), "guests that outlive their host").toEqual([]);
      // Some attacks leave folders that are locked, or deeper than a path is long.
      execFileSync("chmod", ["-R", "u+rwX", directory]);
      execFileSync("rm", ["-rf", directory]);
    },
  };
  try {
    await arena.assertUnharmed();
    return arena;
  } catch (error) {
    await arena.close();
    throw error;
  }
}

function toAnswer(value: unknown): Outcome {
  return { kind: "answered", value };
}

function toRefusal(error: unknown): Outcome {
  // Hosts reject with nothing else; a plain error here is a failure of the host.
  if (!isPaddockError(error)) throw error;
  // Safe: JSON of the host's own making; every field of it may be absent.
  return { kind: "refused", code: error.code, message: error.message, data: error.data as Evidence };
}

/** Zombies are gone as far as anybody can be hurt; their parent has not looked yet. */
export function isGuestAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
