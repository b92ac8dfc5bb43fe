import { isPaddockError, PaddockError } from "@paddock/contract";
import type { LoadedPlugin } from "../supervisor/plugin.js";
import { isCallersTimeout } from "./attempt.js";
import { BREAKING_CODES } from "./breaking-codes.js";
import { type Circuit, type CircuitEvent, CLOSED, nextCircuit } from "./circuit.js";
import type { PipelineCall, Stage } from "./pipeline.js";

/** Circuits of one plugin that are not simply closed; past it the oldest is forgotten. */
export const MAX_CIRCUITS = 10_000;

/** When to come again while another call tries whether the plugin works. */
const PROBING_MS = 100;

/** Why the supervisor would refuse a call of this plugin now. */
export type Refusal = (plugin: LoadedPlugin) => PaddockError | undefined;

/**
 * Gives a plugin that keeps failing a rest: CIRCUIT_OPEN, with the time after which to come again. There is a circuit
 * for each who shares guests, so that one tenant whose calls kill its own guests closes nothing for the others.
 */
export class Breaker {
  readonly #plugin: LoadedPlugin;
  readonly #refusal: Refusal;
  /** By share key; closed ones without a failure are not kept. */
  readonly #circuits = new Map<string, Circuit>();

  constructor(plugin: LoadedPlugin, refusal: Refusal) {
    this.#plugin = plugin;
    this.#refusal = refusal;
  }

  readonly stage: Stage = (next) => (call) => {
    const before = this.#circuits.size === 0 ? undefined : this.#circuits.get(call.shareKey);
    if (before !== undefined && before.kind !== "closed") return this.#probe(before, call, next);
    return next(call).then(
      (answer) => {
        // The usual way: nothing has failed, so there is nothing to forget.
        if (this.#circuits.size > 0) this.#settled(call, { kind: "succeeded" });
        return answer;
      },
      (error: unknown) => {
        this.#settled(call, outcomeOf(error));
        throw error;
      },
    );
  };

  /** The operator has put things right. */
  forgive(): void {
    this.#circuits.clear();
  }

  #probe(before: Circuit, call: PipelineCall, next: (call: PipelineCall) => Promise<unknown>) {
    // Suspended, or in quarantine: to wait for the circuit would be of no use.
    const refusal = this.#refusal(this.#plugin);
    if (refusal !== undefined && refusal.code !== "PLUGIN_UNAVAILABLE") return Promise.reject(refusal);
    const now = performance.now();
    const isBusy = before.kind === "half-open" && before.isProbing;
    const after = nextCircuit(before, { kind: "asked", at: now }, this.#plugin.settings.breaker);
    if (isBusy || after.kind !== "half-open") return Promise.reject(open(call, before, now));
    this.#circuits.set(call.shareKey, after);
    return next(call).then(
      (answer) => {
        this.#change(call, { kind: "succeeded" });
        return answer;
      },
      (error: unknown) => {
        this.#change(call, outcomeOf(error));
        throw error;
      },
    );
  }

  /** Of a call that began while the circuit was closed: later states are for the probe to change. */
  #settled(call: PipelineCall, event: CircuitEvent): void {
    if ((this.#circuits.get(call.shareKey) ?? CLOSED).kind === "closed") this.#change(call, event);
  }

  #change({ shareKey }: PipelineCall, event: CircuitEvent): void {
    const before = this.#circuits.get(shareKey) ?? CLOSED;
    const after = nextCircuit(before, event, this.#plugin.settings.breaker);
    if (after === before) return;
    this.#circuits.delete(shareKey);
    if (after === CLOSED) return;
    if (this.#circuits.size >= MAX_CIRCUITS) {
      for (const oldest of this.#circuits.keys()) {
        this.#circuits.delete(oldest);
        break;
      }
    }
    this.#circuits.set(shareKey, after);
  }
}

function outcomeOf(error: unknown): CircuitEvent {
  if (!isPaddockError(error) || !BREAKING_CODES.has(error.code) || isCallersTimeout(error))
    return { kind: "ended" };
  return { kind: "failed", at: performance.now() };
}

function open({ action, plugin }: PipelineCall, circuit: Circuit, now: number): PaddockError {
  const { id } = plugin.manifest;
  const retryAfterMs = circuit.kind === "open" ? Math.ceil(circuit.until - now) : PROBING_MS;
  return new PaddockError(
    "CIRCUIT_OPEN",
    `Cannot run "${action.name}" of "${id}": it failed ${plugin.settings.breaker.failures} times in a row.`,
    {
      hint: `It is tried again in ${retryAfterMs} ms. Correct what failed; the plugin's log may say more.`,
      data: { plugin: id, action: action.name, retryAfterMs },
    },
  );
}
