/**
 * What the host remembers. Every failure is a PaddockError: STORE_FAILED when the disk or the files say no,
 * OVERLOADED when more writes wait than may, HOST_CLOSED after `close`. What is acknowledged is on disk.
 */
export interface Store {
  /** The key-value entries of one plugin and tenant. Costs nothing until it is used. */
  keyValues(owner: Owner): KeyValues;
  /** Opens and checks the files now instead of at first use, so that damage can stop a start. Creates nothing. */
  open(): Promise<void>;
  /** Finishes the writes that wait, then lets go of the files. May be called twice. */
  close(): Promise<void>;
}

/** Whose data it is; two owners never see one another's. */
export interface Owner {
  readonly plugin: string;
  readonly tenant: string;
}

/** Texts by key. Keys are in the order of their UTF-8 bytes. */
export interface KeyValues {
  get(key: string): Promise<string | undefined>;
  /** Keys with the prefix and after the cursor, `limit` at most. */
  list(range: KeyRange): Promise<readonly string[]>;
  /** Resolves when the value is on disk; stores nothing when it would go over the bounds. */
  set(key: string, value: string, bounds: KeyValueBounds): Promise<SetOutcome>;
  /** Resolves also when there was nothing to delete. */
  delete(key: string): Promise<void>;
}

export interface KeyRange {
  readonly prefix: string;
  /** Only keys after this one; "" for all. */
  readonly after: string;
  readonly limit: number;
}

export interface KeyValueBounds {
  /** UTF-8 bytes of all keys and values. */
  readonly maxBytes: number;
  readonly maxKeys: number;
}

export type SetOutcome =
  | { readonly kind: "stored" }
  /** What the owner uses now. */
  | { readonly kind: "over-bounds"; readonly usedBytes: number; readonly usedKeys: number };
