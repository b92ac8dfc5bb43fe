/** A copy in which only own keys can be found: `record["constructor"]` is `undefined`. */
export function withoutPrototype<T extends object>(record: T): T {
  return Object.assign(Object.create(null), record);
}
