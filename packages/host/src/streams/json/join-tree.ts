import type { Step } from "./tree-steps.js";

type Container = unknown[] | Record<string, unknown>;

/** Builds a value from its steps. What it is given comes from our own thread; what is in it does not. */
export class TreeJoiner {
  #root: unknown;
  readonly #open: Container[] = [];
  /** Names under which containers and the next value go into the object around them. */
  #name: string | undefined;
  #text: string | undefined;

  get root(): unknown {
    return this.#root;
  }

  apply(steps: readonly Step[]): void {
    for (const step of steps) this.#apply(step);
  }

  #apply(step: Step): void {
    switch (step[0]) {
      case "value":
        this.#put(step[1]);
        return;
      case "values": {
        const top = this.#open.at(-1);
        if (Array.isArray(top)) for (const value of step[1]) top.push(value);
        return;
      }
      case "members": {
        const top = this.#open.at(-1);
        if (top === undefined || Array.isArray(top)) return;
        for (let at = 0; at < step[1].length; at += 2) setOwn(top, String(step[1][at]), step[1][at + 1]);
        return;
      }
      case "name":
        this.#name = step[1];
        return;
      case "open": {
        const container: Container = step[1] === "array" ? [] : {};
        this.#put(container);
        this.#open.push(container);
        return;
      }
      case "close":
        this.#open.pop();
        return;
      case "text":
        this.#text = "";
        return;
      case "more-text":
        this.#text += step[1];
        return;
      case "end-text":
        this.#put(this.#text);
        return;
    }
  }

  #put(value: unknown): void {
    const top = this.#open.at(-1);
    if (top === undefined) this.#root = value;
    else if (Array.isArray(top)) top.push(value);
    else setOwn(top, this.#name ?? "", value);
  }
}

/** As JSON.parse does: "__proto__" is a name like others, where an assignment would set the prototype. */
function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
