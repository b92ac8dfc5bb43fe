/** Exit codes after sysexits.h, the same as in the error table of `@paddock/contract`. */
export const EXIT = { unavailable: 69, software: 70, temporary: 75, permission: 77 };

/** The set-up cannot go on; the message says why and what to do. */
export class SetupStop extends Error {
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}
