import { randomBytes } from "node:crypto";
import { isPaddockError, type LogParams, type Notification, PaddockError } from "@paddock/contract";
import type { GuestEnd, GuestProcess, KillReason } from "../isolation/isolation.js";
import { LogBudget } from "../log-budget.js";
import { GuestData } from "../streams/guest-data.js";
import { GuestFiles } from "../streams/guest-files.js";
import { AttachedCalls } from "./attached-calls.js";
import type { Call } from "./call.js";
import { lateStart, startedLate } from "./call-errors.js";
import { GuestConnection, type Reply } from "./connection.js";
import { expireAfter } from "./expire-after.js";
import type { Guest, GuestIdentity, GuestSurroundings } from "./guest.js";
import { GuestCalls } from "./guest-calls.js";
import { endError, replyError } from "./guest-errors.js";
import { readLog } from "./guest-log.js";
import { GuestProgress } from "./guest-progress.js";
import { GuestRequests } from "./guest-requests.js";
import { assertHandshake, handshakeParams, usesData } from "./handshake.js";
import { HealthCheck } from "./health-check.js";
import { launchSpec } from "./launch-spec.js";
import { toWireError } from "./wire-error.js";

/** How long a guest may live on without its channel: ending takes a moment. */
const CHANNEL_GRACE_MS = 500;

/** How long a guest may take for its shutdown hook. */
export const SHUTDOWN_MS = 1_000;
/** How long for its suspend and resume hooks. */
export const SUSPEND_HOOK_MS = 1_000;

/** How long a starting guest that is not ready yet is left alone. */
const ASK_AGAIN_MS = 50;

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
  /** Whether it stands still, or is on its way to. */
  #suspension: "none" | "hook" | "frozen" = "none";
  #isDismissed = false;
  readonly #surroundings: GuestSurroundings;
  readonly #connection: GuestConnection;
  readonly #attached: AttachedCalls;
  readonly #requests: GuestRequests;
  readonly #health: HealthCheck;
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
      await session.#handshake(stop);
      await session.#untilReady(stop);
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
      onViolation,
      onTaken: (call) => this.#connection.notify("$/taken", `{"call":${call}}`),
    });
    this.calls = new GuestCalls({
      identity,
      connection: this.#connection,
      attached: this.#attached,
      deadlines: surroundings.deadlines,
      onStuck: (reason) => this.#end(reason),
      onRoom: () => this.onRoom(),
      isHookRunning: () =>
        this.#state === "starting" || this.#state === "stopping" || this.#suspension === "hook",
    });
    this.ended = process.ended.then((end) => this.#onEnd(end));
    this.#requests = new GuestRequests(this.#connection, this.ended, (end) =>
      endError(identity, end, "START_FAILED"),
    );
    this.#health = new HealthCheck({
      ...settings.health,
      deadlines: surroundings.deadlines,
      ping: (onAnswer) => this.#ping(onAnswer),
      hasWorkedSince: (at) => this.calls.idleSince > at,
      onReadiness: (isReady) => this.#onReadiness(isReady),
      onFailure: (failures) => this.#tell({ kind: "health-check-failed", failures }),
      onUnresponsive: () => this.#end(UNRESPONSIVE),
    });
    process.channel.once("close", () => this.#onChannelClosed());
  }

  /** Whether calls may be given to it. */
  get isReady(): boolean {
    return this.#state === "ready" && this.#suspension === "none" && this.#health.isReady;
  }

  /** Where it stands, for operators. */
  get condition(): "starting" | "ready" | "not-ready" | "suspended" | "draining" | "ending" {
    if (this.#suspension !== "none") return "suspended";
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
    return this.#connection.isClogged;
  }

  /** Bytes of its requests to the host and of their answers. */
  get brokeredBytes(): number {
    return this.#connection.brokeredBytes;
  }

  send(call: Call): void {
    call.request.guestPid = this.process.pid;
    this.calls.send(call);
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
    const isAwake = this.#suspension === "none" && (this.#state === "ready" || this.#state === "retired");
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
    if (this.#suspension !== "none" || this.#state === "ended") return;
    this.#suspension = "hook";
    this.#health.stop();
    if (this.#state === "ready" || this.#state === "retired")
      await this.#requests.hook("suspend", SUSPEND_HOOK_MS);
    this.calls.pause();
    await this.process.suspend();
    if (this.#suspension === "hook") this.#suspension = "frozen";
  }

  /** Lets it go on where it stood, and tells the plugin. */
  async resume(): Promise<void> {
    if (this.#suspension !== "frozen" || this.#state === "ended") return;
    await this.process.resume();
    this.calls.resume();
    this.#suspension = "hook";
    if (this.#state === "ready" || this.#state === "retired")
      await this.#requests.hook("resume", SUSPEND_HOOK_MS);
    this.#suspension = "none";
    if (this.#state !== "ready" && this.#state !== "retired") return;
    this.#health.start();
    this.onRoom();
  }

  async #handshake(signal: AbortSignal): Promise<void> {
    const { plugin, tenant } = this.identity;
    const nonce = randomBytes(16).toString("hex");
    const reply = await this.#requests.ask(
      "initialize",
      JSON.stringify(handshakeParams(plugin, tenant, nonce, this.process.data !== undefined)),
      signal,
    );
    if (reply.kind === "failure") throw replyError(this.identity, undefined, reply.error);
    assertHandshake(plugin, nonce, reply.result);
    this.#attached.hasData = usesData(reply.result);
  }

  /** Its first health check: until it says that it is ready, or the time for starting is over. */
  async #untilReady(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (isReadyAnswer(await this.#requests.ask("ping", this.#pingParams, signal))) return;
      const { promise, clear } = expireAfter(ASK_AGAIN_MS);
      await promise;
      clear();
      signal.throwIfAborted();
    }
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

  get #pingParams(): string {
    return `{"timeoutMs":${this.identity.plugin.settings.health.timeoutMs}}`;
  }

  #ping(onAnswer: (isReady: boolean) => void): void {
    this.#connection.requestOwn("ping", this.#pingParams, {
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
      ),
    );
    this.#end({ code: "PROTOCOL_VIOLATION", message: `it sent ${words}` });
  }

  /** A guest that ends takes its channel with it; one that only closes the channel would wait for calls for ever. */
  #end(reason: KillReason): void {
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

  #onEnd(end: GuestEnd): GuestEnd {
    this.#leave();
    this.#state = "ended";
    this.#gone.abort();
    this.calls.end(end);
    this.#attached.close();
    return end;
  }
}

/** Any other answer than "not ready" will do: programs of other languages may know less of this. */
function isReadyAnswer(reply: Reply): boolean {
  if (reply.kind === "failure") return true;
  // Safe: looked at before it is used.
  const { ready } = (reply.result ?? {}) as { readonly ready?: unknown };
  return ready !== false;
}

const FAILED_START: KillReason = { code: "KILLED", message: "its start failed" };
const UNRESPONSIVE: KillReason = {
  code: "UNRESPONSIVE",
  message: "it did not answer its health checks",
};
