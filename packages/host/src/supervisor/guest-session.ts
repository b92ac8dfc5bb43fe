import {
  isPaddockError,
  type LogParams,
  MAX_OUTBOUND_BYTES,
  type Notification,
  PaddockError,
} from "@paddock/contract";
import type { GuestEnd, GuestProcess, KillReason } from "../isolation/isolation.js";
import { LogBudget } from "../log-budget.js";
import { GuestData } from "../streams/guest-data.js";
import { GuestFiles } from "../streams/guest-files.js";
import { AttachedCalls } from "./attached-calls.js";
import type { Call } from "./call.js";
import { lateStart, startedLate } from "./call-errors.js";
import { GuestConnection } from "./connection.js";
import { expireAfter } from "./expire-after.js";
import { greetGuest, isReadyAnswer, pingParams } from "./greet-guest.js";
import type { Guest, GuestIdentity, GuestSurroundings } from "./guest.js";
import { GuestCalls } from "./guest-calls.js";
import { endError } from "./guest-errors.js";
import { readLog } from "./guest-log.js";
import { GuestProgress } from "./guest-progress.js";
import { GuestRequests } from "./guest-requests.js";
import { HealthCheck } from "./health-check.js";
import { launchSpec } from "./launch-spec.js";
import { Suspension } from "./suspension.js";
import { toWireError } from "./wire-error.js";

/** How long a guest may live on without its channel: ending takes a moment. */
const CHANNEL_GRACE_MS = 500;

/** How long a guest may take for its shutdown hook. */
export const SHUTDOWN_MS = 1_000;

/**
 * One running guest, from launch to end. Calls are pipelined; every call that was given to it settles: with
 * its reply, at its deadline, or with the reason why the guest ended.
 */
export class GuestSession {
  readonly identity: GuestIdentity;
  readonly number: number;
  readonly process: GuestProcess;
  readonly calls: GuestCalls;
  readonly startedAt = performance.now();
  readonly ended: Promise<GuestEnd>;
  /** Called when it has room again for calls: one was answered, or it is ready again. */
  onRoom: () => void = () => undefined;
  /** "ending" is a guest that is being killed, or has lost its channel: no call is to be given to it any more. */
  #state: "starting" | "ready" | "retired" | "stopping" | "ending" | "ended" = "starting";
  #isDismissed = false;
  #ending: GuestEnd | undefined;
  #onGone: (end: GuestEnd) => void = () => undefined;
  readonly #surroundings: GuestSurroundings;
  readonly #connection: GuestConnection;
  readonly #attached: AttachedCalls;
  readonly #requests: GuestRequests;
  readonly #health: HealthCheck;
  readonly #suspension: Suspension;
  readonly #gone = new AbortController();
  readonly #logBudget: LogBudget;
  readonly #progress: GuestProgress;

  /** Launches a guest and sees it through its handshake and first health check. Rejects with the reason, and nothing is left. */
  static async start(
    identity: GuestIdentity,
    surroundings: GuestSurroundings,
    signal: AbortSignal,
  ): Promise<GuestSession> {
    const { plugin } = identity;
    const limit = AbortSignal.timeout(plugin.limits.startTimeoutMs);
    const stop = AbortSignal.any([signal, limit]);
    const files = await GuestFiles.create(surroundings.fileRoom, plugin.limits.scratchBytes);
    let process: GuestProcess | undefined;
    try {
      process = await surroundings.isolation.launch(
        launchSpec(plugin, identity.tenant, files.inboxDirectory, surroundings.onLog),
        stop,
      );
      const session = new GuestSession(identity, surroundings, process, files);
      const greeted = await greetGuest(identity, session.#requests, process.data !== undefined, stop);
      session.#attached.hasData = greeted.usesData;
      session.#begin();
      return session;
    } catch (error) {
      const isLate = limit.aborted && !isPaddockError(error);
      process?.kill(isLate ? { code: "TIMEOUT", message: startedLate(plugin) } : FAILED_START);
      await process?.ended;
      await files.close();
      throw isLate ? lateStart(plugin) : error;
    }
  }

  private constructor(
    identity: GuestIdentity,
    surroundings: GuestSurroundings,
    process: GuestProcess,
    files: GuestFiles,
  ) {
    const { limits, settings } = identity.plugin;
    this.identity = identity;
    this.#surroundings = surroundings;
    this.number = surroundings.nextNumber();
    this.process = process;
    this.#logBudget = new LogBudget(limits.logLinesPerSecond);
    const guest: Guest = { ...identity, signal: this.#gone.signal };
    this.#connection = new GuestConnection(process.channel, limits.messageBytes, {
      request: (request) => surroundings.onRequest(guest, request, this.calls.live),
      notification: (notification) => this.#onNotification(notification),
      violation: (words) => this.#onProtocolViolation(words),
      toWireError,
      drained: () => this.onRoom(),
    });
    this.#progress = new GuestProgress((id) => this.#connection.find(id));
    const onViolation = (words: string) => this.#onProtocolViolation(words);
    this.#attached = new AttachedCalls({
      identity,
      process,
      data: process.data === undefined ? undefined : new GuestData(process.data, onViolation),
      files,
      readJson: surroundings.readJson,
      slots: surroundings.gathering.slotsFor(identity.plugin.manifest.id),
      onViolation,
      onSent: () => this.onRoom(),
      onTaken: (call) => this.#connection.notify("$/taken", `{"call":${call}}`),
    });
    this.calls = new GuestCalls({
      identity,
      connection: this.#connection,
      attached: this.#attached,
      deadlines: surroundings.deadlines,
      onStuck: (reason) => this.#endFor(reason),
      onRoom: () => this.onRoom(),
      isHookRunning: () =>
        this.#state === "starting" || this.#state === "stopping" || this.#suspension.isHookRunning,
    });
    this.ended = process.ended.then((end) => this.#onEnd(end));
    this.#requests = new GuestRequests(this.#connection, this.ended, (end) =>
      endError(identity, end, "START_FAILED"),
    );
    this.#suspension = new Suspension({
      process,
      requests: this.#requests,
      calls: this.calls,
      mayTell: () => this.#isServing,
    });
    this.#health = new HealthCheck({
      ...settings.health,
      deadlines: surroundings.deadlines,
      ping: (onAnswer) => this.#ping(onAnswer),
      hasWorkedSince: (at) => this.calls.idleSince > at,
      onReadiness: (isReady) => this.#onReadiness(isReady),
      onFailure: (failures) => this.#tell({ kind: "health-check-failed", failures }),
      onUnresponsive: () => this.#endFor(UNRESPONSIVE),
    });
    process.channel.once("close", () => this.#onChannelClosed());
  }

  /** Whether calls may be given to it. */
  get isReady(): boolean {
    return this.#state === "ready" && !this.#suspension.isOn && this.#health.isReady && !this.calls.isOverdue;
  }

  /** Where it stands, for operators. */
  get condition(): "starting" | "ready" | "not-ready" | "suspended" | "draining" | "ending" {
    if (this.#suspension.isOn) return "suspended";
    if (this.#state === "ready") return this.#health.isReady ? "ready" : "not-ready";
    if (this.#state === "retired") return "draining";
    return this.#state === "starting" ? "starting" : "ending";
  }

  /** Whether it was asked to go, so that its end is no failure. */
  get isDismissed(): boolean {
    return this.#isDismissed;
  }

  get load(): number {
    return this.calls.open;
  }

  get isClogged(): boolean {
    return this.#connection.isClogged || this.#attached.outboundBytes > MAX_OUTBOUND_BYTES;
  }

  /** Bytes of its requests to the host and of their answers. */
  get brokeredBytes(): number {
    return this.#connection.brokeredBytes;
  }

  send(call: Call): void {
    call.request.guestPid = this.process.pid;
    this.calls.send(call);
  }

  /** Calls back once it is gone, before its calls learn of it; at once when it already is. */
  whenGone(listener: (end: GuestEnd) => void): void {
    if (this.#ending === undefined) this.#onGone = listener;
    else listener(this.#ending);
  }

  /** Takes no more calls and ends once those it has are done. */
  async retire(reason: KillReason): Promise<void> {
    if (this.#state !== "ready") return;
    this.#state = "retired";
    await Promise.race([this.ended, this.calls.untilIdle()]);
    await this.stop(reason);
  }

  /** Asks it to shut down, then ends it. Calls that are still there get the reason. */
  async stop(reason: KillReason): Promise<void> {
    const isAwake = this.#isServing && !this.#suspension.isOn;
    this.#isDismissed = true;
    this.#health.stop();
    if (isAwake) {
      this.#state = "stopping";
      await this.#requests.hook("shutdown", SHUTDOWN_MS);
    } else this.#leave();
    this.process.kill(reason);
    await this.ended;
  }

  /** Tells the plugin, then freezes every process of the guest. */
  async suspend(): Promise<void> {
    if (this.#state === "ended") return;
    this.#health.stop();
    await this.#suspension.begin();
  }

  /** Lets it go on where it stood, and tells the plugin. */
  async resume(): Promise<void> {
    if (this.#state === "ended" || !(await this.#suspension.end()) || !this.#isServing) return;
    this.#health.start();
    this.onRoom();
  }

  get #isServing(): boolean {
    return this.#state === "ready" || this.#state === "retired";
  }

  #begin(): void {
    // It may have lost its channel meanwhile.
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.#health.start();
    // Not waited for; a guest that cannot be confined is not kept.
    this.process.confineCpu().catch((error: unknown) => {
      this.process.kill({
        code: "SETUP_FAILED",
        message: `its processors could not be limited: ${String(error)}`,
      });
    });
  }

  #ping(onAnswer: (isReady: boolean) => void): void {
    this.#connection.requestOwn("ping", pingParams(this.identity.plugin), {
      onReply: (reply) => onAnswer(isReadyAnswer(reply)),
    });
  }

  #onReadiness(isReady: boolean): void {
    this.#tell({ kind: "guest-readiness", isReady });
    if (isReady) this.onRoom();
  }

  #tell(
    change:
      | { readonly kind: "guest-readiness"; readonly isReady: boolean }
      | { readonly kind: "health-check-failed"; readonly failures: number },
  ): void {
    const { plugin, tenant } = this.identity;
    this.#surroundings.onChange(plugin, { ...change, tenant, guest: this.number, pid: this.process.pid });
  }

  #onNotification(notification: Notification): void {
    if (notification.method === "log") {
      const dropped = this.#logBudget.take();
      if (dropped === undefined) return;
      // Safe: readLog takes nothing of it for granted.
      const log = readLog(this.identity, notification.params as LogParams, dropped);
      if (log !== undefined) this.#surroundings.onLog(log);
    } else if (notification.method === "progress") {
      this.#progress.receive(notification.params);
    }
    // Others (what newer guests may send) say nothing to this host.
  }

  #onProtocolViolation(words: string): void {
    this.#requests.fail(
      new PaddockError(
        "PROTOCOL_VIOLATION",
        `Plugin "${this.identity.plugin.manifest.id}" broke the protocol: ${words}.`,
        {
          hint: "Only answers belong on its channel: for a program that is standard output. Words for people go to standard error.",
        },
      ),
    );
    this.#endFor({ code: "PROTOCOL_VIOLATION", message: `it sent ${words}` });
  }

  /** A guest that ends takes its channel with it; one that only closes the channel would wait for calls for ever. */
  #endFor(reason: KillReason): void {
    this.#leave();
    this.process.kill(reason);
  }

  #leave(): void {
    this.#health.stop();
    if (this.#state !== "ended") this.#state = "ending";
  }

  #onChannelClosed(): void {
    this.#leave();
    const { promise, clear } = expireAfter(CHANNEL_GRACE_MS);
    void this.ended.then(clear);
    void promise.then(() =>
      this.process.kill({ code: "PROTOCOL_VIOLATION", message: "it closed its channel" }),
    );
  }

  async #onEnd(end: GuestEnd): Promise<GuestEnd> {
    this.#leave();
    this.#state = "ended";
    this.#gone.abort();
    this.#ending = end;
    // Whoever learns of it by a call must find it known.
    this.#onGone(end);
    this.calls.end(end);
    await this.#attached.close();
    return end;
  }
}

const FAILED_START: KillReason = { code: "KILLED", message: "its start failed" };
const UNRESPONSIVE: KillReason = {
  code: "UNRESPONSIVE",
  message: "it did not answer its health checks",
};
