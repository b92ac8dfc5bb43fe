import type { Plugins } from "../context.js";
import type { Requests } from "./requests.js";

/** Other plugins as one call sees them: the host gives them what is left of that call's time. */
export class OtherPlugins implements Plugins {
  readonly #requests: Requests;
  readonly #call: number | undefined;

  constructor(requests: Requests, call: number | undefined) {
    this.#requests = requests;
    this.#call = call;
  }

  async call(
    plugin: string,
    action: string,
    payload?: unknown,
    options: { readonly timeoutMs?: number | undefined } = {},
  ): Promise<unknown> {
    const { timeoutMs } = options;
    const params = { call: this.#call, plugin, action, payload: payload ?? null, timeoutMs };
    const result = await this.#requests.request("plugin.call", "plugin.call", params);
    return typeof result === "object" && result !== null && "value" in result ? result.value : null;
  }
}
