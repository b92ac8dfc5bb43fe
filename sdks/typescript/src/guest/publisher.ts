import type { Events } from "../context.js";
import type { Requests } from "./requests.js";

/** Publishing as one call sees it. */
export class Publisher implements Events {
  readonly #requests: Requests;
  readonly #call: number | undefined;

  constructor(requests: Requests, call: number | undefined) {
    this.#requests = requests;
    this.#call = call;
  }

  async publish(topic: string, payload?: unknown): Promise<void> {
    const params = { call: this.#call, topic, payload: payload ?? null };
    await this.#requests.request("events.publish", "events.publish", params);
  }
}
