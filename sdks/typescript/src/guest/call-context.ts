import type { Context, Events, Files, KeyValueStore, Log, PluginContext, Plugins } from "../context.js";
import { CallFiles } from "./call-files.js";
import { CallLog, type LogSink } from "./call-log.js";
import { Kv } from "./kv.js";
import { OtherPlugins } from "./other-plugins.js";
import { Progress } from "./progress.js";
import { Publisher } from "./publisher.js";
import type { Requests } from "./requests.js";

/** What all calls of one guest have in common. */
export interface GuestState {
  readonly tenant: string;
  readonly config: unknown;
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly requests: Requests;
  readonly sink: LogSink;
  /** What the path of every output file begins with. */
  readonly outbox: string | undefined;
}

/** What only some calls say about themselves. */
export interface CallFacts {
  /** Whose data it is about, when the guest serves every tenant. */
  readonly tenant?: string | undefined;
  /** Input files: where each is, by name. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** Made for every call, so it holds four fields and makes the rest when somebody looks. */
export class CallContext implements Context {
  readonly call: number;
  readonly deadline: number | undefined;
  readonly #state: GuestState;
  #isCancelled = false;
  #controller: AbortController | undefined;
  #log: Log | undefined;
  #kv: KeyValueStore | undefined;
  #progress: Progress | undefined;
  #files: CallFiles | undefined;
  readonly #about: CallFacts | undefined;

  constructor(state: GuestState, call: number, timeoutMs: number | undefined, about?: CallFacts) {
    this.#state = state;
    this.#about = about;
    this.call = call;
    this.deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  }

  get tenant(): string {
    return this.#about?.tenant ?? this.#state.tenant;
  }

  get config(): unknown {
    return this.#state.config;
  }

  get permissions(): Readonly<Record<string, unknown>> {
    return this.#state.permissions;
  }

  get log(): Log {
    this.#log ??= new CallLog(this.#state.sink, this.call);
    return this.#log;
  }

  get kv(): KeyValueStore {
    this.#kv ??= new Kv(this.#state.requests, this.call);
    return this.#kv;
  }

  /** Made anew each time: rare, and a field would cost every call. */
  get events(): Events {
    return new Publisher(this.#state.requests, this.call);
  }

  get plugins(): Plugins {
    return new OtherPlugins(this.#state.requests, this.call);
  }

  get files(): Files {
    const { outbox } = this.#state;
    this.#files ??= new CallFiles(
      this.#about?.files,
      outbox === undefined ? undefined : `${outbox}${this.call}.`,
    );
    return this.#files;
  }

  progress(fraction?: number, message?: string): void {
    if (this.#isCancelled) return;
    this.#progress ??= new Progress(this.#state.sink.send, this.call);
    this.#progress.report(fraction, message);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whether `context`'s call was cancelled. Static, as `cancel` is: neither is the plugin's to call. */
  static isCancelled(context: CallContext): boolean {
    return context.#isCancelled;
  }

  static removeFiles(context: CallContext): void {
    if (context.#files !== undefined) CallFiles.remove(context.#files);
  }

  static cancel(context: CallContext): void {
    context.#isCancelled = true;
    context.#controller?.abort();
  }
}

/** For hooks: everything that does not need a call. */
export function createPluginContext(state: GuestState): PluginContext {
  const { tenant, config, permissions, requests, sink } = state;
  return {
    tenant,
    config,
    permissions,
    log: new CallLog(sink, undefined),
    kv: new Kv(requests, undefined),
    events: new Publisher(requests, undefined),
    plugins: new OtherPlugins(requests, undefined),
  };
}
