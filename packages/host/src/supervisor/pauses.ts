/** When a guest stood still: its own limits do not count that time. */
export class Pauses {
  #past: { readonly from: number; readonly to: number }[] = [];
  #since: number | undefined;

  get isPaused(): boolean {
    return this.#since !== undefined;
  }

  begin(now: number): void {
    this.#since ??= now;
  }

  end(now: number): void {
    if (this.#since !== undefined) this.#past.push({ from: this.#since, to: now });
    this.#since = undefined;
  }

  /** Milliseconds since then in which it stood still. Costs next to nothing when it never did. */
  since(from: number): number {
    if (this.#since === undefined && this.#past.length === 0) return 0;
    return this.between(from, performance.now());
  }

  /** Milliseconds between the two in which the guest stood still. */
  between(from: number, to: number): number {
    const all = this.#since === undefined ? this.#past : [...this.#past, { from: this.#since, to }];
    return all.reduce((sum, one) => sum + Math.max(0, Math.min(to, one.to) - Math.max(from, one.from)), 0);
  }

  /** Nobody will ask about the past any more. */
  forget(): void {
    if (this.#past.length > 0) this.#past = [];
  }
}
