/** Filled by the first fake host of this process. */
const warned = new Set<string>();

/** Says once that nothing is isolated; test runners that set NODE_ENV to "test" know. */
export function warnOnce(): void {
  if (process.env.NODE_ENV === "test" || warned.size > 0) return;
  warned.add("fake");
  process.emitWarning("createFakeHost() runs plugins without any wall: it is for tests only.", {
    code: "PADDOCK_FAKE_HOST",
  });
}
