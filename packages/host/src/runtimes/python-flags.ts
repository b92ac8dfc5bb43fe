/**
 * Isolated mode: no environment, no user's packages, not the working directory. No `site`, so no packages of the
 * machine's. No bytecode is written; nothing there could be.
 */
export const PYTHON_FLAGS: readonly string[] = ["-I", "-S", "-B"];
