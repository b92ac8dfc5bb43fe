/** A request to the host failed for a reason other than a permission. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** A code of the host's table, `QUOTA_EXCEEDED` for example. */
  readonly code: string;
  /** What else the host said: for a PLUGIN_ERROR of another plugin its `pluginCode` and `details`. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
