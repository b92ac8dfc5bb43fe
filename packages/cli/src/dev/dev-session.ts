import { type PresetName, toPaddockError } from "@paddock/contract";
import type { Host, PluginInfo } from "@paddock/host";
import { formatError } from "../format-error.js";
import { grantedByPreset } from "../granted-by-preset.js";
import type { Serving } from "../run-server.js";
import { showAnswer, toCallAnswer } from "../show-answer.js";
import type { Terminal } from "../terminal.js";
import { readCallLine } from "./call-line.js";
import { formatFrames } from "./format-frame.js";
import { took } from "./format-happening.js";

export interface DevOptions {
  /** Calls to make after each load. */
  readonly call: readonly string[];
  readonly tenant: string;
}

/** One plugin and its versions, one load at a time. */
export class DevSession {
  readonly #terminal: Terminal;
  readonly #host: Host;
  readonly #folder: string;
  readonly #flags: DevOptions;
  readonly #preset: PresetName;
  #plugin: PluginInfo | undefined;
  #loading: Promise<void> | undefined;
  #isStale = false;

  constructor(terminal: Terminal, { host, preset }: Serving, folder: string, flags: DevOptions) {
    this.#terminal = terminal;
    this.#host = host;
    this.#preset = preset;
    this.#folder = folder;
    this.#flags = flags;
  }

  /** What changes while a load is going on is loaded after it. */
  async reload(): Promise<void> {
    this.#isStale = true;
    this.#loading ??= (async () => {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#load();
      }
    })().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  /** A call as somebody typed it, and its answer. */
  async call(line: string): Promise<void> {
    const { out, err } = this.#terminal;
    try {
      const { action, payload } = await readCallLine(line);
      const id = this.#plugin?.id ?? "";
      const result = await this.#host.call(id, action, payload, { tenant: this.#flags.tenant });
      const shown = await showAnswer(forPeople(this.#terminal), toCallAnswer(result));
      if (shown !== undefined) out.write(shown.text);
    } catch (error) {
      err.write(formatError(toPaddockError(error, "make the call"), err));
    }
  }

  async #load(): Promise<void> {
    const { out, err } = this.#terminal;
    const startedAt = performance.now();
    const before = this.#plugin;
    try {
      const plugin = await this.#host.load(this.#folder);
      this.#plugin = plugin;
      await this.#host.start(plugin.id);
      const { green, bold, dim } = out.colors;
      const verb =
        before === undefined ? "loaded" : before.digest === plugin.digest ? "unchanged" : "reloaded";
      const about = `${verb} in ${took(performance.now() - startedAt)}, ${plugin.digest.slice(0, 19)}`;
      out.write(`${green("✓")} ${bold(plugin.id)} ${plugin.version}  ${dim(about)}\n`);
      if (before === undefined) this.#introduce(plugin);
    } catch (error) {
      const failure = toPaddockError(error, `load ${this.#folder}`);
      if (failure.code === "HOST_CLOSED") return;
      err.write(`${formatError(failure, err)}${await formatFrames(failure, this.#folder, err)}`);
      // Once it is loaded, it is the new one that could not start.
      if (before !== undefined && this.#plugin === before)
        err.write(`${before.id} ${before.version} goes on as it was before.\n`);
      return;
    }
    for (const line of this.#flags.call) await this.call(line);
  }

  #introduce(plugin: PluginInfo): void {
    const { dim } = this.#terminal.out.colors;
    const lines = [
      `actions: ${Object.keys(plugin.manifest.actions).join(", ")}`,
      `granted: ${Object.keys(plugin.permissions).join(", ")}`,
    ];
    const extra = grantedByPreset(plugin, this.#preset);
    if (extra.length > 0) lines.push(`only because the preset is "${this.#preset}": ${extra.join(", ")}`);
    this.#terminal.out.write(dim(lines.map((line) => `  ${line}\n`).join("")));
  }
}

/** Wherever it goes: raw bytes between lines tell nobody anything. */
function forPeople(terminal: Terminal): Terminal {
  return { ...terminal, isJson: false, out: { ...terminal.out, isTerminal: true } };
}
