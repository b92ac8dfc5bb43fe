import type { KeyListing, KeyValueStore } from "../context.js";
import type { Requests } from "./requests.js";

const CAPABILITY = "storage.kv";

/** The store as one call sees it: each request names that call, or none for work of no call. */
export class Kv implements KeyValueStore {
  readonly #requests: Requests;
  readonly #call: number | undefined;

  constructor(requests: Requests, call: number | undefined) {
    this.#requests = requests;
    this.#call = call;
  }

  async get(key: string): Promise<unknown> {
    const result = await this.#request("kv.get", { key });
    return isRecord(result) ? result.value : undefined;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#request("kv.set", { key, value: value ?? null });
  }

  async delete(key: string): Promise<void> {
    await this.#request("kv.delete", { key });
  }

  async list({ prefix, after, limit }: KeyListing = {}): Promise<readonly string[]> {
    const result = await this.#request("kv.list", { prefix, after, limit });
    const keys = isRecord(result) ? result.keys : undefined;
    return Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : [];
  }

  #request(method: string, params: object): Promise<unknown> {
    return this.#requests.request(CAPABILITY, method, { call: this.#call, ...params });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
