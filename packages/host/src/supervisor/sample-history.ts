import type { Usage } from "../isolation/isolation.js";

/** Samples that are kept of each guest: two minutes, at one a second. */
export const HISTORY_SAMPLES = 120;

/** What a guest used at one moment. `undefined` is what cannot be known on this machine. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly memoryBytes: number | undefined;
  /** Processors that it kept busy since the sample before. */
  readonly cpuCores: number | undefined;
  /** Processor time since its start. */
  readonly cpuMs: number | undefined;
  readonly ioReadBytes: number | undefined;
  readonly ioWriteBytes: number | undefined;
  readonly diskBytes: number | undefined;
  readonly scratchBytes: number | undefined;
  readonly files: number | undefined;
  readonly processes: number | undefined;
  readonly threads: number | undefined;
  /** Of its requests to the host and their answers, since its start. */
  readonly brokeredBytes: number;
  /** Open connections to the network. */
  readonly connections: number;
  /** Calls that it was working on. */
  readonly calls: number;
}

export type SampleField = Exclude<keyof Sample, "at">;

const FIELDS = [
  "at",
  "memoryBytes",
  "cpuCores",
  "cpuMs",
  "ioReadBytes",
  "ioWriteBytes",
  "diskBytes",
  "scratchBytes",
  "files",
  "processes",
  "threads",
  "brokeredBytes",
  "connections",
  "calls",
] as const satisfies readonly (keyof Sample)[];

/** The last samples of one guest as numbers without objects: a host keeps many of them. */
export class SampleHistory {
  readonly #values = new Float64Array(HISTORY_SAMPLES * FIELDS.length);
  readonly #peaks = new Float64Array(FIELDS.length).fill(Number.NaN);
  #count = 0;
  #sampledAt = 0;

  /** Adds what a guest uses now; `now` is of a clock that never jumps. */
  add(
    usage: Usage,
    more: Pick<Sample, "brokeredBytes" | "connections" | "calls">,
    at: number,
    now: number,
  ): Sample {
    const before = this.last;
    const spentMs = (usage.cpuMs ?? Number.NaN) - (before?.cpuMs ?? Number.NaN);
    const cpuCores = spentMs / (now - this.#sampledAt);
    const sample: Sample = {
      at,
      memoryBytes: usage.memoryBytes,
      cpuCores: Number.isFinite(cpuCores) ? Math.max(0, cpuCores) : undefined,
      cpuMs: usage.cpuMs,
      ioReadBytes: usage.ioReadBytes,
      ioWriteBytes: usage.ioWriteBytes,
      diskBytes: usage.dataBytes,
      scratchBytes: usage.scratchBytes,
      files: usage.files,
      processes: usage.processes,
      threads: usage.threads,
      ...more,
    };
    const start = (this.#count % HISTORY_SAMPLES) * FIELDS.length;
    for (const [at, field] of FIELDS.entries()) {
      const value = sample[field] ?? Number.NaN;
      this.#values[start + at] = value;
      const peak = this.#peaks[at] ?? Number.NaN;
      if (!(peak >= value)) this.#peaks[at] = Number.isNaN(value) ? peak : value;
    }
    // The kernel saw what happened between two looks.
    const memory = FIELDS.indexOf("memoryBytes");
    const highest = usage.memoryPeakBytes ?? 0;
    if (highest > (this.#peaks[memory] ?? 0)) this.#peaks[memory] = highest;
    this.#count++;
    this.#sampledAt = now;
    return sample;
  }

  /** The guest has not run since the last sample: it uses what it used then. */
  repeat(at: number, now: number): void {
    const from = ((this.#count - 1) % HISTORY_SAMPLES) * FIELDS.length;
    const to = (this.#count % HISTORY_SAMPLES) * FIELDS.length;
    this.#values.copyWithin(to, from, from + FIELDS.length);
    this.#values[to + FIELDS.indexOf("at")] = at;
    this.#values[to + FIELDS.indexOf("cpuCores")] = 0;
    this.#count++;
    this.#sampledAt = now;
  }

  get last(): Sample | undefined {
    return this.#count === 0 ? undefined : this.#read(this.#count - 1);
  }

  /** Oldest first. */
  get all(): readonly Sample[] {
    const kept = Math.min(this.#count, HISTORY_SAMPLES);
    return Array.from({ length: kept }, (_, at) => this.#read(this.#count - kept + at));
  }

  /** Of what is kept. */
  get average(): Readonly<Partial<Record<SampleField, number>>> {
    const all = this.all;
    return this.#summarise((field) => {
      const known = all.map((sample) => sample[field]).filter((value) => value !== undefined);
      return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
    });
  }

  /** Since the guest's start. */
  get peak(): Readonly<Partial<Record<SampleField, number>>> {
    return this.#summarise((field) => this.#peaks[FIELDS.indexOf(field)] ?? Number.NaN);
  }

  #summarise(of: (field: SampleField) => number): Readonly<Partial<Record<SampleField, number>>> {
    const entries = FIELDS.filter((field) => field !== "at")
      .map((field) => [field, of(field)] as const)
      .filter(([, value]) => !Number.isNaN(value));
    return Object.fromEntries(entries);
  }

  #read(index: number): Sample {
    const start = (index % HISTORY_SAMPLES) * FIELDS.length;
    const values = FIELDS.map((field, at) => {
      const value = this.#values[start + at] ?? Number.NaN;
      return [field, Number.isNaN(value) ? undefined : value];
    });
    // Safe: FIELDS names every field of a sample, and `add` put a number into those that need one.
    return Object.fromEntries(values) as unknown as Sample;
  }
}
