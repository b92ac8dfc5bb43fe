/** What the main thread and the writer's thread say to one another. */
export type WriterRequest =
  /** Run all of them in one transaction. */
  { readonly kind: "batch"; readonly writes: readonly Write[] } | { readonly kind: "close" };

export type WriterReply =
  /** Committed and on disk: for each write the rows of its last statement. */
  | { readonly kind: "committed"; readonly results: readonly WriteResult[] }
  /** Nothing of the batch was written. */
  | { readonly kind: "failed"; readonly failure: StoreFailure };

/** Statements that are done together or not at all; the rows of the last one are the result. */
export type Write = readonly Statement[];

export interface Statement {
  /** Text of the host's own, one of few: statements are prepared once and kept. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export type SqlValue = string | number;
export type Row = Readonly<Record<string, unknown>>;
export type WriteResult = readonly Row[];

export interface StoreFailure {
  /** SQLite's extended result code, when it comes from there. */
  readonly sqliteCode: number | undefined;
  /** The system's, such as ENOSPC, when it comes from there. */
  readonly systemCode: string | undefined;
  readonly message: string;
}

/** What the writer's thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly migrations: readonly string[];
}
