import { TINY_PROGRAM_STATUS } from "../plugins/stickers/src/tiny-program.ts";
import type { Belongings } from "./belongings.ts";
import type { Outcome } from "./outcome.ts";

export interface Attack {
  /** Its name in the plugin. */
  readonly name: string;
  /** What the plugin tries, in a few words. */
  readonly title: string;
  /** Whether it got what it wanted, judged from outside of the plugin. */
  isDone(outcome: Outcome, belongings: Belongings): boolean;
  /** What stopped it when it neither failed nor did anything: the state that was checked. */
  readonly otherwise?: string;
}

/** In this order: those that fill what others need come last. */
export const ATTACKS: readonly Attack[] = [
  {
    name: "read-system-file",
    title: "read /etc/passwd",
    isDone: ({ loot }) => typeof loot === "string" && loot.includes(":"),
  },
  {
    name: "read-secret",
    title: "read the shop's secret",
    isDone: ({ loot }, { secret }) => String(loot).includes(secret),
  },
  {
    name: "read-neighbour",
    title: "read another plugin's file",
    isDone: ({ loot }) => typeof loot === "number",
  },
  {
    name: "write-prices",
    title: "overwrite the shop's prices",
    isDone: (_outcome, { arePricesIntact }) => !arePricesIntact(),
  },
  { name: "run-shell", title: "start a shell", isDone: ({ loot }) => typeof loot === "string" },
  {
    name: "leave-process",
    title: "leave a process behind",
    isDone: ({ loot }) => typeof loot === "number",
  },
  {
    name: "kill-process",
    title: "kill a process of the shop",
    isDone: (_outcome, { isProcessAlive }) => !isProcessAlive(),
  },
  {
    name: "connect-loopback",
    title: "connect to a local server",
    isDone: ({ loot }, { greeting }) => loot === greeting,
  },
  { name: "listen-port", title: "listen on a port", isDone: ({ loot }) => typeof loot === "number" },
  {
    name: "run-dropped-program",
    title: "run a dropped program",
    isDone: ({ exitCode }) => exitCode === TINY_PROGRAM_STATUS,
  },
  {
    name: "patch-host",
    title: "change the host's objects",
    isDone: ({ isHostPatched }) => isHostPatched,
    otherwise: "its own process",
  },
  {
    name: "fill-disk",
    title: "fill the disk",
    isDone: ({ loot }, { target }) => typeof loot === "number" && loot >= target.fillBytes,
  },
  {
    name: "exhaust-memory",
    title: "take all memory",
    isDone: ({ loot }, { target }) => typeof loot === "number" && loot >= target.memoryBytes,
  },
];
