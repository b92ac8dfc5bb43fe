type Sqlite = typeof import("node:sqlite");

/**
 * Node's own SQLite, loaded at first use. Node 22 warns that it is experimental; operators cannot act on that,
 * so this one warning is left out. Any other warning, of anybody, is printed as ever.
 */
export function loadSqlite(): Sqlite {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).startsWith("SQLite is an experimental feature")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    // Synchronous, so that nobody else can warn meanwhile.
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
