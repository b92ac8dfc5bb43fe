/** A request to the host failed for a reason other than a permission. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** A code of the host's table, `QUOTA_EXCEEDED` for example. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
