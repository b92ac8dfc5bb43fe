import type { Request } from "@paddock/contract";
import type { Isolation } from "../isolation/isolation.js";
import type { FileRoom } from "../streams/file-room.js";
import type { GatherTurns } from "../streams/gather-slots.js";
import type { ReadJson } from "../streams/json/read-json.js";
import type { LifecycleChange } from "../telemetry/lifecycle-event.js";
import type { CallRequest } from "./call.js";
import type { Deadlines } from "./deadlines.js";
import type { GuestLog } from "./guest-log.js";
import type { LoadedPlugin } from "./plugin.js";

/** Answers the capability requests of guests. */
export type RequestHandler = (guest: Guest, request: Request, live: LiveCalls) => Promise<unknown>;

export interface GuestIdentity {
  readonly plugin: LoadedPlugin;
  /** Whose files it sees; `SHARED_TENANT` when all tenants share it. */
  readonly tenant: string;
}

/** Who asks: one object for the whole life of a guest. */
export interface Guest extends GuestIdentity {
  /** Aborts when the guest ends. */
  readonly signal: AbortSignal;
}

/** What a guest may act for. */
export interface LiveCalls {
  readonly has: (id: number) => boolean;
  /** The request of a live call; `undefined` for one that is answered, abandoned, or was never made. */
  readonly find: (id: number) => CallRequest | undefined;
  /** True while one of its hooks runs: init, shutdown, suspend or resume. */
  readonly isStarting: boolean;
}

/** What all guests of a host have in common. */
export interface GuestSurroundings {
  readonly isolation: Isolation;
  readonly deadlines: Deadlines;
  readonly onRequest: RequestHandler;
  readonly onLog: (log: GuestLog) => void;
  /** A number for each guest, never used twice. */
  readonly nextNumber: () => number;
  readonly onChange: (plugin: LoadedPlugin, change: LifecycleChange) => void;
  /** Where files wait on their way into and out of guests. */
  readonly fileRoom: FileRoom;
  readonly readJson: ReadJson;
  readonly gathering: GatherTurns;
}
