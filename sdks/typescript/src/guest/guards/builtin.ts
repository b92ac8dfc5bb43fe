/** The original, kept before `process` is guarded: the guards themselves need the modules that they guard. */
export const getBuiltinModule: typeof process.getBuiltinModule = process.getBuiltinModule;
