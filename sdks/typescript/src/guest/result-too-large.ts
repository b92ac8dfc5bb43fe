/** A result, or an item of one, that the host would not take. */
export class ResultTooLarge extends Error {
  override readonly name = "ResultTooLarge";

  constructor(misfit: string) {
    super(`The result is too large: ${misfit}`);
  }
}
