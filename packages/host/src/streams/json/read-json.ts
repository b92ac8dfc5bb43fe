import type { IncomingStream, PaddockError } from "@paddock/contract";

/** What a large answer turned out to be. */
export type JsonReading =
  | { readonly kind: "value"; readonly value: unknown }
  /** Not JSON: the guest broke the protocol. */
  | { readonly kind: "fault"; readonly words: string }
  /** Larger than allowed, or not what the schema says; the error names the action. */
  | { readonly kind: "refused"; readonly error: (subject: string) => PaddockError };

export interface JsonBounds {
  readonly maxBytes: number;
  /** The action's output schema, as JSON, or nothing. */
  readonly schema: unknown;
  /** Whose answer it is: owners take turns. */
  readonly owner: string;
}

/** Reads a stream as JSON without holding up the main thread. Rejects with what the stream failed with. */
export type ReadJson = (stream: IncomingStream, bounds: JsonBounds) => Promise<JsonReading>;
