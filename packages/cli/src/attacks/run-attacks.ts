import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isPaddockError, type PaddockError } from "@paddock/contract";
import { type GuestLog, type Host, type PaddockConfig, resolveConfig } from "@paddock/host";
import { withTrialHome } from "../trial-home.js";
import { useHost } from "../use-host.js";
import { watchGuest } from "../watch-guest.js";
import type { Attack, AttackResult, Seen } from "./attack.js";
import { ATTACKS } from "./attacks.js";

/** A guest that was ended is gone well before. */
const GONE_WITHIN_MS = 1_000;
const CALL_TIMEOUT_MS = 30_000;
const MAX_LOGS = 10_000;
const MAX_WORDS = 50;

/** Runs every attack on this machine, one after the other, in a home of its own that is removed afterwards. */
export function runAttacks(
  config: PaddockConfig,
  onStart: (attack: Attack) => void,
): Promise<readonly AttackResult[]> {
  const { home: ownHome, preset } = resolveConfig(config);
  const logs: GuestLog[] = [];
  const onLog = (log: GuestLog) => {
    if (logs.length < MAX_LOGS) logs.push(log);
  };
  return withTrialHome(ownHome, "attack", (home) =>
    useHost({ ...withoutGuards(config), home, onLog }, async (host, signal) => {
      const results: AttackResult[] = [];
      for (const attack of ATTACKS) {
        signal.throwIfAborted();
        onStart(attack);
        logs.length = 0;
        results.push(
          await runAttack(host, attack, { home, logs, isFreshPerCall: preset === "high-security" }),
        );
      }
      return results;
    }),
  );
}

/** Only the kernel is to stop them. */
function withoutGuards(config: PaddockConfig): PaddockConfig {
  const limits = ATTACKS.flatMap(({ name, limits: own }) =>
    own === undefined ? [] : [[idOf(name), { limits: own }] as const],
  );
  return {
    ...config,
    interpreter: { ...config.interpreter, guards: false },
    plugins: { ...config.plugins, ...Object.fromEntries(limits) },
  };
}

interface Surroundings {
  readonly home: string;
  readonly logs: readonly GuestLog[];
  readonly isFreshPerCall: boolean;
}

async function runAttack(host: Host, attack: Attack, surroundings: Surroundings): Promise<AttackResult> {
  const { home } = surroundings;
  const place = { folder: join(home, "baits", attack.name), data: join(home, "data", idOf(attack.name)) };
  await mkdir(place.folder, { recursive: true });
  const bait = await attack.lay(place);
  try {
    const { seen, pid } = await attempt(host, attack, bait.payload, surroundings);
    const damage = (await bait.damage(seen)) ?? (await survivor(pid));
    return {
      attack: attack.name,
      tries: attack.tries,
      isRefused: damage === undefined,
      by: damage ?? (bait.stoppedBy?.(seen) || reasonOf(seen)),
      refused: seen.refused,
      elapsedMs: Math.round(seen.elapsedMs),
    };
  } finally {
    await bait.clear?.();
  }
}

interface Attempt {
  readonly seen: Seen;
  readonly pid: number | undefined;
}

async function attempt(
  host: Host,
  { name }: Attack,
  payload: unknown,
  { logs, isFreshPerCall }: Surroundings,
): Promise<Attempt> {
  const folder = fileURLToPath(new URL(`../../attacks/${name}`, import.meta.url));
  const plugin = await host.load(folder);
  const guest = await watchGuest(host, plugin, { folder, tenant: "main", isFreshPerCall });
  const startedAt = performance.now();
  let answer: Readonly<Record<string, unknown>> = {};
  let failure: PaddockError | undefined;
  try {
    answer = asRecord(await host.call(plugin.id, "attack", payload, { timeoutMs: CALL_TIMEOUT_MS }));
  } catch (error) {
    if (!isPaddockError(error)) throw error;
    failure = error;
  }
  const elapsedMs = performance.now() - startedAt;
  const { usage, pid } = await guest.report();
  guest.close();
  await host.unload(plugin.id);
  const seen: Seen = {
    answer,
    loot: asWords(answer.loot),
    refused: asWords(answer.refused),
    failure,
    logs: [...logs],
    usage,
    elapsedMs,
  };
  return { seen, pid };
}

/** The reason of its end, else the errors that it was given. */
function reasonOf({ failure, refused }: Seen): string {
  if (failure === undefined) return [...new Set(refused.map(errorOf))].join(", ") || "it found nothing";
  return `${failure.code}: ${failure.message.replace(/^Cannot run "attack" of "[^"]*": /, "")}`;
}

/** "ENOENT" of "open /etc/passwd: ENOENT". */
function errorOf(refusal: string): string {
  return refusal.slice(refusal.lastIndexOf(": ") + 2);
}

/** A guest that lives on after it was ended; only a process of this very number in another state than dead. */
async function survivor(pid: number | undefined): Promise<string | undefined> {
  const until = performance.now() + GONE_WITHIN_MS;
  while (pid !== undefined && isAlive(pid)) {
    if (performance.now() > until) return `its process ${pid} lives on`;
    await wait(20);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

function idOf(name: string): string {
  return `attacks/${name}`;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  // Safe: an object of JSON has string keys, and its values stay unknown.
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asWords(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.slice(0, MAX_WORDS).map((word) => String(word)) : [];
}
