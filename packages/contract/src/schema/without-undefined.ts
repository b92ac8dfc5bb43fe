/** The same keys; those that may be `undefined` become optional. */
export type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Drops the keys without a value, so that `in` and `JSON.stringify` tell the truth. */
export function withoutUndefined<T extends object>(value: T): Present<T> {
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  // Safe: only fields without a value are gone, which is what the type says.
  return Object.fromEntries(present) as Present<T>;
}
